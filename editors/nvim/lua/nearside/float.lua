-- A window over the others with something to read, and its keys at its lower edge. Knows nothing of what it shows.
local M = {}

local NARROWEST, FREE_COLUMNS, FREE_ROWS = 50, 6, 6
-- Keys work from then on, and are named from then on: who was typing when it opened means none of them.
local SETTLED_MS = 300

---@class nearside.Float
---@field lines string[]
---@field title string
---@field filetype string
---@field keys { [1]: string[], [2]: string, [3]: fun() }[] keys, what they do in a word, and the doing
---@field more? fun(): string? what else there is to say at the lower edge

---Cut a text to the columns a border has.
local function cut(text, width)
  return vim.fn.strdisplaywidth(text) > width and vim.fn.strcharpart(text, 0, width - 2) .. "… " or text
end

---Name the keys at the lower edge of a window, once they work.
---@param win integer
---@param shown nearside.Float
function M.name_keys(win, shown)
  if not vim.api.nvim_win_is_valid(win) or not vim.w[win].nearside_settled then
    return
  end
  local named = vim.tbl_map(function(key)
    return ("%s %s"):format(table.concat(key[1], ", "), key[2])
  end, shown.keys)
  named[#named + 1] = shown.more and shown.more()
  local footer = cut(" " .. table.concat(named, " · ") .. " ", vim.api.nvim_win_get_width(win))
  vim.api.nvim_win_set_config(win, { footer = footer, footer_pos = "right" })
end

---Open a window and go there; `on_close` is called however it is closed.
---@param shown nearside.Float
---@param on_close? fun()
---@return integer win
function M.open(shown, on_close)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, shown.lines)
  vim.bo[buf].bufhidden, vim.bo[buf].filetype, vim.bo[buf].modifiable = "wipe", shown.filetype, false
  local width = NARROWEST
  for _, line in ipairs(shown.lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line) + 1)
  end
  width = math.max(1, math.min(width, vim.o.columns - FREE_COLUMNS))
  local height = math.max(1, math.min(#shown.lines, vim.o.lines - FREE_ROWS))
  local win = vim.api.nvim_open_win(buf, true, {
    relative = "editor",
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - width) / 2) - 1),
    width = width,
    height = height,
    border = "rounded",
    style = "minimal",
    title = cut(" " .. shown.title .. " ", width),
  })
  vim.wo[win].wrap, vim.wo[win].list, vim.wo[win].spell = false, false, false
  for _, key in ipairs(shown.keys) do
    for _, name in ipairs(key[1]) do
      vim.keymap.set("n", name, function()
        if vim.w[win].nearside_settled then
          key[3]()
        end
      end, { buffer = buf, nowait = true, desc = "Nearside: " .. key[2] })
    end
  end
  vim.defer_fn(function()
    if vim.api.nvim_win_is_valid(win) then
      vim.w[win].nearside_settled = true
      M.name_keys(win, shown)
    end
  end, SETTLED_MS)
  vim.api.nvim_create_autocmd("WinClosed", {
    pattern = tostring(win),
    once = true,
    callback = function()
      if on_close then
        vim.schedule(on_close)
      end
    end,
  })
  return win
end

---@param win integer
function M.close(win)
  if vim.api.nvim_win_is_valid(win) then
    vim.api.nvim_win_close(win, true)
  end
end

return M
