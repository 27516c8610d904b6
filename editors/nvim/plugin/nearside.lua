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
}

vim.api.nvim_create_user_command("Nearside", function(call)
  local action = actions[call.args == "" and "status" or call.args]
  if action then
    action()
  else
    local line = 'Nearside cannot do "%s": try :Nearside status or :Nearside toggle'
    vim.notify(line:format(call.args), vim.log.levels.WARN)
  end
end, {
  nargs = "?",
  desc = "Nearside: show the status, or toggle suggestions",
  complete = function(start)
    return vim.tbl_filter(function(name)
      return vim.startswith(name, start)
    end, { "status", "toggle" })
  end,
})
