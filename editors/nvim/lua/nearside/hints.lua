-- What else the server may find useful: lines that were copied, and what other servers say is wrong. No text is sent,
-- only places: the server has the text.
local M = {}

local DIAGNOSTICS_MS = 300 -- other servers publish several times after a change
local MOST = 50

local waiting = {} ---@type table<integer, boolean> by buffer

---@param buf integer
---@param client vim.lsp.Client
---@param row integer
---@param col integer
local function position(buf, client, row, col)
  local line = vim.api.nvim_buf_get_lines(buf, row, row + 1, false)[1] or ""
  local character = vim.str_utfindex(line, client.offset_encoding, math.min(col, #line), false)
  return { line = row, character = character }
end

---Tell the server which lines were copied.
local function yanked(buf, client)
  if vim.v.event.operator ~= "y" or client:is_stopped() then
    return
  end
  local first, last = vim.api.nvim_buf_get_mark(buf, "["), vim.api.nvim_buf_get_mark(buf, "]")
  client:notify("nearside/yanked", {
    textDocument = { uri = vim.uri_from_bufnr(buf) },
    range = {
      start = position(buf, client, first[1] - 1, first[2]),
      ["end"] = position(buf, client, last[1] - 1, last[2] + 1),
    },
  })
end

---Tell the server what is wrong with a buffer now, the worst first.
local function diagnose(buf, client)
  if not vim.api.nvim_buf_is_loaded(buf) or client:is_stopped() then
    return
  end
  local found = vim.diagnostic.get(buf)
  table.sort(found, function(one, other)
    return one.severity < other.severity
  end)
  local diagnostics = {}
  for index = 1, math.min(#found, MOST) do
    local one = found[index]
    diagnostics[index] = {
      range = {
        start = position(buf, client, one.lnum, one.col),
        ["end"] = position(buf, client, one.end_lnum or one.lnum, one.end_col or one.col),
      },
      severity = one.severity,
      message = one.message,
    }
  end
  client:notify("nearside/diagnostics", {
    textDocument = { uri = vim.uri_from_bufnr(buf) },
    diagnostics = diagnostics,
  })
end

---Tell the server of copies and diagnostics in a buffer, from now on.
---@param buf integer
---@param client vim.lsp.Client
---@param group integer the augroup whose end ends this
function M.attach(buf, client, group)
  vim.api.nvim_create_autocmd("TextYankPost", {
    group = group,
    buffer = buf,
    callback = function()
      yanked(buf, client)
    end,
  })
  vim.api.nvim_create_autocmd("DiagnosticChanged", {
    group = group,
    buffer = buf,
    callback = function()
      if waiting[buf] then
        return
      end
      waiting[buf] = true
      vim.defer_fn(function()
        waiting[buf] = nil
        diagnose(buf, client)
      end, DIAGNOSTICS_MS)
    end,
  })
end

return M
