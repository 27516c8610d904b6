-- Loaded at start-up by Neovim itself: one command, and nothing else before setup() is called.
if vim.g.loaded_nearside then
  return
end
vim.g.loaded_nearside = true

local actions = {
  status = function()
    for _, line in ipairs(require("nearside").status()) do
      vim.api.nvim_echo({ { line } }, true, {})
    end
  end,
  toggle = function()
    require("nearside").toggle()
  end,
  pause = function()
    require("nearside").pause(true)
  end,
  resume = function()
    require("nearside").pause(false)
  end,
  menu = function()
    require("nearside.menu").open()
  end,
  offline = function()
    require("nearside.menu").go(true)
  end,
  online = function()
    require("nearside.menu").go(false)
  end,
  restart = function()
    require("nearside.menu").restart()
  end,
  log = function()
    require("nearside.menu").log()
  end,
  why = function()
    require("nearside.why").say()
  end,
  report = function()
    require("nearside.why").report()
  end,
  search = function(words)
    require("nearside.search").search(words)
  end,
  docs = function(name)
    require("nearside.docs").docs(name)
  end,
  act = function(words, lines)
    require("nearside.actions").act(words, lines)
  end,
  cancel = function()
    require("nearside.actions").cancel()
  end,
}

local function names()
  local found = vim.tbl_keys(actions)
  table.sort(found)
  return found
end

vim.api.nvim_create_user_command("Nearside", function(call)
  local name, rest = call.args:match("^(%S*)%s*(.*)$")
  local action = actions[name == "" and "status" or name]
  if action then
    action(rest, call.range > 0 and { call.line1, call.line2 } or nil)
  else
    local line = 'Nearside cannot do "%s": try :Nearside menu, or :help :Nearside'
    require("nearside.notice").say(line:format(name), vim.log.levels.WARN)
  end
end, {
  nargs = "*",
  range = true,
  desc = "Nearside: show the status or the menu, pause, go offline, act on code, search the project",
  complete = function(start, line)
    local words = names()
    if line:match("Nearside%s+act%s+%S*$") then
      words = require("nearside.actions").KINDS
    elseif line:match("Nearside%s+%S+%s") then
      return {}
    end
    return vim.tbl_filter(function(word)
      return vim.startswith(word, start)
    end, words)
  end,
})
