-- Where a suggestion fits now: pure functions from the text then and the text now to an edit. Knows no LSP.
-- Rows and columns count from 0, columns in bytes.
local M = {}

---The cursor and its line when a suggestion was asked for.
---@class nearside.Origin
---@field row integer
---@field col integer
---@field line string

---@class nearside.Item
---@field text string what the suggestion puts between start_col and end_col of the origin's line
---@field start_col integer
---@field end_col integer
---@field command? lsp.Command

---@class nearside.Edit
---@field row integer
---@field col integer
---@field end_col integer
---@field text string

---Return the edit that completes an item from the cursor on, or nil where the text moved on another way.
---
---It fits while everything around the cursor is as it was and what was typed since is a prefix of the item;
---the edit then holds only the rest, so that nothing typed is lost or doubled.
---@param origin nearside.Origin
---@param item nearside.Item
---@param now nearside.Origin
---@return nearside.Edit?
function M.edit(origin, item, now)
  if now.row ~= origin.row or now.col < origin.col then
    return nil
  end
  local same_before = now.line:sub(1, origin.col) == origin.line:sub(1, origin.col)
  local same_after = now.line:sub(now.col + 1) == origin.line:sub(origin.col + 1)
  local present = now.line:sub(item.start_col + 1, now.col)
  if not (same_before and same_after and vim.startswith(item.text, present)) then
    return nil
  end
  local rest = item.text:sub(#present + 1)
  local end_col = now.col + math.max(0, item.end_col - origin.col)
  if rest == now.line:sub(now.col + 1, end_col) then
    return nil -- nothing would change
  end
  return { row = now.row, col = now.col, end_col = end_col, text = rest }
end

---Return the first word of a text with the blank space before it; bytes over 127 belong to words.
---@param text string
---@return string
function M.first_word(text)
  return text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%w%s_\128-\255]+") or text
end

---Return the first line of a text that is not empty, without its line break.
---@param text string
---@return string
function M.first_line(text)
  return text:match("^\n*[^\n]+") or text
end

---Return the item that remains after the first `taken` bytes of an edit were inserted.
---@param edit nearside.Edit
---@param taken string
---@param now nearside.Origin the cursor and its line after the insertion
---@param command? lsp.Command
---@return nearside.Item
function M.remainder(edit, taken, now, command)
  local rest = edit.text:sub(#taken + 1)
  return { text = rest, start_col = now.col, end_col = now.col + edit.end_col - edit.col, command = command }
end

return M
