-- Ghost text through vim.lsp.inline_completion (Neovim 0.12): switches it on, and takes the shown suggestion over
-- when the user acts on it. Taking over is what makes accepting safe: Neovim 0.12.4 inserts an expired suggestion
-- at its old place, which corrupts the line; inline.lua inserts only what still fits.
local inline = require("nearside.inline")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local TAKE_MS = 100 -- a bound only: the callback runs in the first round of the event loop

local asked = {} ---@type table<string, nearside.Origin> by client and request
local answered = {} ---@type table<string, nearside.Origin> by client and buffer: where the shown suggestion was asked for

---@return boolean
function M.available()
  return vim.lsp.inline_completion ~= nil
end

---Switch Neovim's own ghost text on or off in a buffer.
---@param buf integer
---@param on boolean
function M.enable(buf, on)
  if M.available() and vim.api.nvim_buf_is_valid(buf) then
    vim.lsp.inline_completion.enable(on, { bufnr = buf })
  end
end

---@return boolean
function M.visible()
  local namespace = vim.api.nvim_create_namespace("nvim.lsp.inline_completion")
  return #vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { limit = 1 }) > 0
end

---Return what the native item is in our terms; one without a range stands at the cursor it was asked for.
local function to_session(item)
  if type(item.insert_text) ~= "string" then
    return nil -- a snippet of another server
  end
  local buf = vim.api.nvim_get_current_buf()
  local origin = answered[item.client_id .. ":" .. buf] or inline.capture()
  local start_row, start_col, end_row, end_col = origin.row, origin.col, origin.row, origin.col
  if item.range then
    start_row, start_col, end_row, end_col = item.range:to_extmark()
  end
  if start_row ~= origin.row or end_row ~= origin.row then
    return nil
  end
  local text = item.insert_text:gsub("\r\n?", "\n")
  local ours = { text = text, start_col = start_col, end_col = end_col, command = item.command }
  return { buf = buf, client_id = item.client_id, origin = origin, items = { ours }, index = 1 }
end

---Take the natively shown suggestion over: it is hidden there and returned.
---@return nearside.Session?
function M.take()
  if not M.available() then
    return nil
  end
  local session, done
  local taken = vim.lsp.inline_completion.get({
    on_accept = function(item)
      session, done = to_session(item), true
      return nil -- nothing is inserted here
    end,
  })
  if not taken then
    return nil
  end
  -- Neovim hands the item over from the event loop; waiting for it keeps the keys typed next in their order.
  vim.wait(TAKE_MS, function()
    return done
  end, 1)
  return session
end

---Remember where each native request was made, and keep a suggestion we show ahead of newer native ones.
---@param group integer
function M.watch(group)
  vim.api.nvim_create_autocmd("LspRequest", {
    group = group,
    callback = function(event)
      local request = event.data.request
      if request.method ~= METHOD then
        return
      end
      local key = event.data.client_id .. ":" .. event.data.request_id
      if request.type == "pending" and not inline.asking and request.bufnr == vim.api.nvim_get_current_buf() then
        asked[key] = inline.capture()
      elseif request.type == "cancel" then
        asked[key] = nil
      elseif request.type == "complete" and asked[key] then
        answered[event.data.client_id .. ":" .. request.bufnr] = asked[key]
        asked[key] = nil
        vim.schedule(function() -- after Neovim's handler, which draws the answer
          if inline.edit() then
            M.take()
          end
        end)
      end
    end,
  })
end

return M
