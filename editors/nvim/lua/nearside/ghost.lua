-- Draws one edit as ghost text after the cursor. Decides nothing: inline.lua says what is shown.
local M = {}

M.namespace = vim.api.nvim_create_namespace("nearside.ghost")

---Define our highlight groups; a colour scheme may define them first.
function M.set_highlights()
  local hint = vim.fn.hlexists("ComplHint") == 1 and "ComplHint" or "NonText"
  vim.api.nvim_set_hl(0, "NearsideGhost", { link = hint, default = true })
  vim.api.nvim_set_hl(0, "NearsideCount", { link = "MoreMsg", default = true })
end

---@param buf integer
function M.clear(buf)
  if vim.api.nvim_buf_is_valid(buf) then
    vim.api.nvim_buf_clear_namespace(buf, M.namespace, 0, -1)
  end
end

---Draw an edit, replacing what was drawn before.
---
---What stays behind the cursor is drawn where it would end up: after the last line of the suggestion.
---@param buf integer
---@param edit nearside.Edit
---@param count string? such as "2/3", shown at the end
function M.draw(buf, edit, count)
  M.clear(buf)
  local line = vim.api.nvim_buf_get_lines(buf, edit.row, edit.row + 1, false)[1] or ""
  local behind, kept = line:sub(edit.col + 1), line:sub(edit.end_col + 1)
  local text = edit.text
  local position = "inline"
  local replaced = behind:sub(1, #behind - #kept)
  local shown = vim.split(text, "\n", { plain = true })
  if #shown == 1 and replaced ~= "" and vim.endswith(text, replaced) then
    shown[1] = text:sub(1, #text - #replaced) -- the replaced part is on screen already
  elseif behind ~= "" and (#shown > 1 or replaced ~= "") then
    position = "overlay"
  end

  local lines = vim.tbl_map(function(part)
    return { { part, "NearsideGhost" } }
  end, shown)
  if count then
    table.insert(lines[#lines], { (" (%s)"):format(count), "NearsideCount" })
  end
  if position == "overlay" then
    table.insert(lines[#lines], { kept, "Normal" })
    local gap = vim.fn.strdisplaywidth(behind) - vim.fn.strdisplaywidth(shown[1])
    if #lines > 1 and gap > 0 then
      table.insert(lines[1], { (" "):rep(gap), "Normal" })
    end
  end
  vim.api.nvim_buf_set_extmark(buf, M.namespace, edit.row, edit.col, {
    virt_text = lines[1],
    virt_text_pos = position,
    virt_lines = #lines > 1 and vim.list_slice(lines, 2) or nil,
    hl_mode = "combine",
    undo_restore = false,
  })
end

return M
