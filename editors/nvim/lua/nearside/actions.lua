-- Code actions, beside the menu that is Neovim's own: the question for an instruction, the window of an explanation,
-- what an action is doing, and :Nearside act and cancel.
local notice = require("nearside.notice")
local preview = require("nearside.preview")

local M = {}

M.KINDS = {
  "add-feature",
  "document",
  "explain",
  "fix-diagnostic",
  "fix-test",
  "implement",
  "optimise",
  "refactor",
  "security",
  "write-tests",
}
local PROMPTS = { refactor = "How should it be refactored?", ["add-feature"] = "What should be added?" }

local titles = {} ---@type table<lsp.ProgressToken, string> of the actions under way
local servers = {} ---@type table<lsp.ProgressToken, integer> whose actions these are

---Have the server begin an action; its edit follows by itself.
---@param client vim.lsp.Client
---@param buf integer
---@param wanted table the argument of nearside.act, as docs/editors.md describes it
local function begin(client, buf, wanted)
  client:request("workspace/executeCommand", { command = "nearside.act", arguments = { wanted } }, function(err)
    if err then
      notice.say("Nothing was begun: " .. err.message, vim.log.levels.WARN)
    end
  end, buf)
end

---Ask the user for the instruction of an action, and then begin it.
---@param client vim.lsp.Client
---@param buf integer
---@param wanted table
---@param prompt string
local function ask(client, buf, wanted, prompt)
  vim.ui.input({ prompt = prompt .. " " }, function(said)
    if said and vim.trim(said) ~= "" then
      begin(client, buf, vim.tbl_extend("force", wanted, { instruction = said }))
    end
  end)
end

---The command nearside.instruct, which actions in the menu carry that need an instruction.
---@param command lsp.Command
---@param context { client_id: integer, bufnr: integer }
function M.instruct(command, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  local wanted = command.arguments[1]
  if client then
    ask(client, context.bufnr, wanted, wanted.prompt)
  end
end

---What other servers say is wrong in some lines.
local function problems(buf, first, last)
  local said = {}
  for _, one in ipairs(vim.diagnostic.get(buf)) do
    if one.lnum >= first and one.lnum <= last then
      said[#said + 1] = one.message
    end
  end
  return table.concat(said, "\n")
end

---Begin an action on the cursor's line, or on some lines.
---@param words string its kind, and its instruction if it needs one
---@param lines? integer[] first and last, from 1
---@return boolean did
function M.act(words, lines)
  local kind, instruction = words:match("^(%S*)%s*(.*)$")
  local client = vim.lsp.get_clients({ name = "nearside", bufnr = 0 })[1]
  if not client then
    notice.say("Nothing was begun, because no server is attached; :checkhealth nearside says why", vim.log.levels.WARN)
    return false
  end
  if not vim.list_contains(M.KINDS, kind) then
    local line = 'Nothing was begun, because there is no action "%s"; there are %s'
    notice.say(line:format(kind, table.concat(M.KINDS, ", ")), vim.log.levels.WARN)
    return false
  end
  local buf, row = vim.api.nvim_get_current_buf(), vim.api.nvim_win_get_cursor(0)[1]
  local first, last = (lines or { row })[1] - 1, (lines or { row, row })[2] - 1
  local wanted = {
    kind = kind,
    uri = vim.uri_from_bufnr(buf),
    range = {
      start = { line = first, character = 0 },
      ["end"] = lines and { line = last + 1, character = 0 } or { line = first, character = 0 },
    },
    problem = kind == "fix-diagnostic" and problems(buf, first, last) or nil,
    instruction = instruction ~= "" and instruction or nil,
  }
  if PROMPTS[kind] and not wanted.instruction then
    ask(client, buf, wanted, PROMPTS[kind])
  else
    begin(client, buf, wanted)
  end
  return true
end

---Stop all actions under way, and put away what came of others and waits to be looked at.
---@return boolean did
function M.cancel()
  local tokens = vim.tbl_keys(titles)
  for _, client in ipairs(vim.lsp.get_clients({ name = "nearside" })) do
    for _, token in ipairs(tokens) do
      client:notify("window/workDoneProgress/cancel", { token = token })
    end
  end
  local count = #tokens + preview.clear()
  if count == 0 then
    notice.say("Nothing was cancelled, because no action runs")
  end
  return count > 0
end

---Return the titles of a server's actions under way.
---@param client_id integer
---@return string[]
function M.under_way(client_id)
  local found = {}
  for token, title in pairs(titles) do
    if servers[token] == client_id then
      found[#found + 1] = title
    end
  end
  return found
end

---Show an explanation below; q closes it. Who types meanwhile goes on typing.
---@param params { title: string, text: string }
function M.explain(params)
  local lines = vim.split("# " .. params.title .. "\n\n" .. vim.trim(params.text), "\n", { plain = true })
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden, vim.bo[buf].filetype, vim.bo[buf].modifiable = "wipe", "markdown", false
  local height = math.max(3, math.min(#lines + 1, math.floor(vim.o.lines / 2)))
  local enter = vim.api.nvim_get_mode().mode:sub(1, 1) == "n"
  local win = vim.api.nvim_open_win(buf, enter, { split = "below", height = height })
  vim.wo[win].wrap, vim.wo[win].linebreak, vim.wo[win].number = true, true, false
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buf, nowait = true, desc = "Nearside: close" })
end

---Show in the message area, without keeping it, what actions are doing.
---@param group integer
function M.watch(group)
  vim.api.nvim_create_autocmd("LspProgress", {
    group = group,
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      local token, value = event.data.params.token, event.data.params.value
      if not client or client.name ~= "nearside" then
        return
      end
      if value.kind == "begin" and value.cancellable then
        titles[token], servers[token] = value.title, client.id
      end
      local title = titles[token]
      if value.kind == "end" then
        titles[token], servers[token] = nil, nil
      end
      if title and vim.api.nvim_get_mode().mode:sub(1, 1) == "n" then
        local text = ("Nearside: %s (%s)"):format(value.message or "…", title) -- the end of it may be cut
        vim.api.nvim_echo({ { vim.fn.strcharpart(text, 0, math.max(20, vim.o.columns - 12)) } }, false, {})
      end
    end,
  })
end

return M
