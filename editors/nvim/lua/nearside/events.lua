-- Tells the server what became of a suggestion: shown, taken in part, put away. That one was accepted its command says.
local M = {}

local SHOWN = "textDocument/didShowCompletion"
local PARTIALLY_ACCEPTED = "textDocument/didPartiallyAcceptCompletion"
local DISMISSED = "nearside/dismissed"

---@class nearside.Told
---@field client_id integer
---@field item lsp.InlineCompletionItem

local told ---@type nearside.Told? the suggestion the server was told is shown

local function notify(client_id, method, params)
  local client = vim.lsp.get_client_by_id(client_id)
  if client and not client:is_stopped() then
    client:notify(method, params)
  end
end

---Tell that an item is on the screen, once for each.
---@param client_id integer
---@param text string its whole text
---@param command? lsp.Command names the suggestion; items without one are another server's
function M.shown(client_id, text, command)
  if not command or (told and vim.deep_equal(told.item.command, command)) then
    return
  end
  told = { client_id = client_id, item = { insertText = text, command = command } }
  notify(client_id, SHOWN, { item = told.item })
end

---Tell that a part of an item was inserted.
---@param client_id integer
---@param text string its whole text
---@param command? lsp.Command
---@param rest string what is left of the text
function M.partially_accepted(client_id, text, command, rest)
  if command then
    local length = vim.str_utfindex(text, "utf-16") - vim.str_utfindex(rest, "utf-16")
    local item = { insertText = text, command = command }
    notify(client_id, PARTIALLY_ACCEPTED, { item = item, acceptedLength = length })
  end
end

---Tell that the suggestion was put away, or the place left it was shown at. The server knows if it was gone before.
function M.dismissed()
  if told then
    notify(told.client_id, DISMISSED, { item = told.item })
  end
  told = nil
end

---Forget the suggestion: it was accepted.
function M.accepted()
  told = nil
end

return M
