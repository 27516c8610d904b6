-- One-line messages to the user, and the memory of the last one. Never asks for Enter, never interrupts typing.
local M = {}

---@class nearside.Notice
---@field text string
---@field level integer
---@field time string

---@type nearside.Notice?
M.last = nil

---Remember a message without showing it.
---@param text string
---@param level integer? one of vim.log.levels
function M.record(text, level)
  level = level or vim.log.levels.INFO
  M.last = { text = vim.trim(text), level = level, time = os.date("%H:%M:%S") --[[@as string]] }
end

---Show one line, cut to what the screen holds: a longer one would ask for Enter in the middle of typing.
---@param text string
---@param level integer? one of vim.log.levels
function M.say(text, level)
  M.record(text, level)
  vim.schedule(function()
    local line = vim.trim(text):gsub("%s*\n%s*", " ")
    local room = math.max(20, vim.o.columns - 12) -- the rest of the line belongs to 'showcmd'
    if vim.fn.strdisplaywidth(line) > room then
      line = vim.fn.strcharpart(line, 0, room - 1) .. "…"
    end
    vim.notify(line, level or vim.log.levels.INFO)
  end)
end

return M
