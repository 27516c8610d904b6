-- A few words for a status line, from what the server tells whenever it changes. Asks the server nothing, so that a
-- redraw costs a few table look-ups; without somebody who draws it, nothing is redrawn.
local actions = require("nearside.actions")

local M = {}

local NAME_WIDTH = 28

local figures = {} ---@type table<integer, table> what nearside/status said last, by client
local served = {} ---@type table<integer, boolean> buffers that had a server
local drawn = false

---The last part of a model's name, which may be a path.
local function short(model)
  local name = model:match("[^/\\]+$") or model
  return vim.fn.strchars(name) > NAME_WIDTH and vim.fn.strcharpart(name, 0, NAME_WIDTH - 1) .. "…" or name
end

---What answers, or why nothing does.
local function model(told)
  if told.engine ~= "ready" then
    return told.engine == "failed" and "model failed" or "model loading"
  end
  return short(told.model) .. (told.hosted ~= "" and (" + %s in the cloud"):format(short(told.hosted)) or " local")
end

---How far the project is known; nothing to say where it is.
local function index(told)
  local state, done, total = told.index.state, told.index.done, told.index.total
  if state == "reading" then
    return total > 0 and ("reading %d/%d"):format(done, total) or "reading"
  end
  return state == "off" and "no index" or nil
end

---@param buf integer
---@param typing boolean whether suggestions come while typing
---@return string
function M.text(buf, typing)
  drawn = true
  local client = vim.lsp.get_clients({ name = "nearside", bufnr = buf })[1]
  if not client then
    return served[buf] and "Nearside: no server" or ""
  end
  local told = figures[client.id]
  if not told then
    return "Nearside: starting"
  end
  local parts = { model(told) }
  if not told.enabled then
    parts[2] = "suggestions off"
  elseif not typing then
    parts[2] = "only when asked"
  end
  parts[#parts + 1] = index(told)
  local running = actions.under_way(client.id)
  if #running > 0 then
    parts[#parts + 1] = #running == 1 and running[1] or ("%d actions"):format(#running)
  end
  return table.concat(parts, " · ")
end

---Return what a server told last; nil where it told nothing yet.
---@param client_id integer
---@return table?
function M.figures(client_id)
  return figures[client_id]
end

---Have status lines drawn again: Neovim's own, and those of plugins that listen to `User NearsideStatus`.
function M.changed()
  vim.api.nvim_exec_autocmds("User", { pattern = "NearsideStatus", modeline = false })
  if drawn then
    vim.cmd.redrawstatus({ bang = true })
  end
end

---Take over what a server tells.
---@param client_id integer
---@param params table as docs/editors.md describes nearside/status
function M.told(client_id, params)
  figures[client_id] = params
  M.changed()
end

---Follow servers and their actions as they come and go.
---@param group integer
function M.watch(group)
  vim.api.nvim_create_autocmd({ "LspAttach", "LspDetach", "LspProgress" }, {
    group = group,
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if not client or client.name ~= "nearside" then
        return
      end
      if event.event == "LspAttach" then
        served[event.buf] = true
      end
      local kind = event.event == "LspProgress" and event.data.params.value.kind
      if kind ~= "report" then
        vim.schedule(M.changed) -- after the buffer is detached, too
      end
    end,
  })
  vim.api.nvim_create_autocmd("BufWipeout", {
    group = group,
    callback = function(event)
      served[event.buf] = nil
    end,
  })
end

return M
