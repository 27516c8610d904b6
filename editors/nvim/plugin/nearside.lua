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

vim.api.nvim_create_user_command("Nearside", function(call)
  local name, rest = call.args:match("^(%S*)%s*(.*)$")
  local action = actions[name == "" and "status" or name]
  if action then
    action(rest, call.range > 0 and { call.line1, call.line2 } or nil)
  else
    local line = 'Nearside cannot do "%s": try :Nearside status, toggle, act {kind}, cancel, docs {name}, why, report or search {words}'
    vim.notify(line:format(name), vim.log.levels.WARN)
  end
end, {
  nargs = "*",
  range = true,
  desc = "Nearside: show the status, toggle suggestions, act on code, say why a suggestion came, search the project",
  complete = function(start, line)
    local names = { "act", "cancel", "docs", "report", "search", "status", "toggle", "why" }
    if line:match("Nearside%s+act%s+%S*$") then
      names = require("nearside.actions").KINDS
    elseif line:match("Nearside%s+%S+%s") then
      return {}
    end
    return vim.tbl_filter(function(name)
      return vim.startswith(name, start)
    end, names)
  end,
})
