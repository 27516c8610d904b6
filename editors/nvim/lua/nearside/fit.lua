-- Where a suggestion fits now: pure functions from the text then and the text now to an edit. Knows no LSP.
-- Rows and columns count from 0, columns in bytes.
local M = {}

---The cursor and its line.
---@class nearside.Place
---@field row integer
---@field col integer
---@field line string

---@class nearside.Item
---@field place nearside.Place the cursor and its line for which it was made
---@field text string what it puts between start_col and end_col of that line
---@field start_col integer
---@field end_col integer
---@field whole string all of the server's text, of which `text` may be the rest
---@field command? lsp.Command

---@class nearside.Edit
---@field row integer
---@field col integer
---@field end_col integer
---@field text string

---Return the place an item starting at `start_col` was made for.
---
---It is where the request was made, unless the server moved it on behind what it saw typed since.
---@param asked nearside.Place
---@param start_col integer
---@param now nearside.Place
---@return nearside.Place
function M.place(asked, start_col, now)
  if now.row ~= asked.row or start_col <= asked.col then
    return asked
  end
  local line = now.line:sub(1, start_col) .. asked.line:sub(asked.col + 1)
  return { row = asked.row, col = start_col, line = line }
end

---Return the edit that completes an item from the cursor on, or nil where the text moved on another way.
---
---It fits while everything around the cursor is as it was and what was typed since is a prefix of the item;
---the edit then holds only the rest, so that nothing typed is lost or doubled.
---@param item nearside.Item
---@param now nearside.Place
---@return nearside.Edit?
function M.edit(item, now)
  local place = item.place
  if now.row ~= place.row or now.col < place.col then
    return nil
  end
  local same_before = now.line:sub(1, place.col) == place.line:sub(1, place.col)
  local same_after = now.line:sub(now.col + 1) == place.line:sub(place.col + 1)
  local present = now.line:sub(item.start_col + 1, now.col)
  if not (same_before and same_after and vim.startswith(item.text, present)) then
    return nil
  end
  local rest = item.text:sub(#present + 1)
  local end_col = now.col + math.max(0, item.end_col - place.col)
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
---@param taken integer
---@param now nearside.Place the cursor and its line after the insertion
---@param item nearside.Item the one the edit is of
---@return nearside.Item
function M.remainder(edit, taken, now, item)
  local end_col = now.col + edit.end_col - edit.col
  local rest = { place = now, text = edit.text:sub(taken + 1), start_col = now.col, end_col = end_col }
  return vim.tbl_extend("keep", rest, { whole = item.whole, command = item.command })
end

return M
