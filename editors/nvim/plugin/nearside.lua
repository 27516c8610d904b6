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
}

vim.api.nvim_create_user_command("Nearside", function(call)
  local name, rest = call.args:match("^(%S*)%s*(.*)$")
  local action = actions[name == "" and "status" or name]
  if action then
    action(rest)
  else
    local line = 'Nearside cannot do "%s": try :Nearside status, toggle, why, report or search {words}'
    vim.notify(line:format(name), vim.log.levels.WARN)
  end
end, {
  nargs = "*",
  desc = "Nearside: show the status, toggle suggestions, say why one came from where, or search the project",
  complete = function(start, line)
    if line:match("^%s*Nearside%s+%S+%s") then
      return {}
    end
    return vim.tbl_filter(function(name)
      return vim.startswith(name, start)
    end, { "report", "search", "status", "toggle", "why" })
  end,
})
