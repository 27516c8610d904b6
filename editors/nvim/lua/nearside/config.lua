-- The options of setup(), with every default visible. Reads nothing of Neovim's state and starts nothing.
local M = {}

---@class nearside.Options
M.defaults = {
  -- The program that answers; a list as |vim.lsp.config| wants it.
  cmd = { "nearside", "serve" },
  -- Environment variables for that program, such as NEARSIDE_*.
  env = {}, ---@type table<string, string>
  -- Filetypes to complete in; nil is every buffer that holds a file.
  filetypes = nil, ---@type string[]?
  -- The server's settings, as in its config.toml: { completion = { max_lines = 4 } }.
  settings = {}, ---@type table<string, any>
  -- Suggest while typing; false suggests only when next() or previous() asks.
  auto = true,
  -- Insert-mode keys; false leaves a key alone. Each does its ordinary work where there is nothing to act on.
  keymaps = {
    accept = "<Tab>",
    accept_word = "<C-Right>",
    accept_line = false,
    next = "<M-]>",
    previous = "<M-[>",
    dismiss = "<C-]>",
  },
}

local types = {
  cmd = "table",
  env = "table",
  filetypes = "table",
  settings = "table",
  auto = "boolean",
  keymaps = "table",
}

---Return why a value cannot be used, or nil.
local function fault(name, value)
  if not types[name] then
    return ("%s is not an option"):format(name)
  end
  if type(value) ~= types[name] then
    return ("%s must be a %s, not a %s"):format(name, types[name], type(value))
  end
  if name == "cmd" and (type(value[1]) ~= "string" or value[1] == "") then
    return "cmd must start with the name of a program"
  end
  if name == "keymaps" then
    for action, key in pairs(value) do
      if M.defaults.keymaps[action] == nil then
        return ("keymaps.%s is not an action"):format(action)
      elseif key ~= false and type(key) ~= "string" then
        return ("keymaps.%s must be a key or false"):format(action)
      end
    end
  end
end

---Lay the user's options over the defaults; a bad one keeps its default and is named in the second value.
---@param given table?
---@return nearside.Options options
---@return string[] faults
function M.resolve(given)
  local options, faults = vim.deepcopy(M.defaults), {}
  for name, value in vim.spairs(given or {}) do
    local why = fault(name, value)
    if why then
      faults[#faults + 1] = why
    elseif name == "keymaps" then
      options.keymaps = vim.tbl_extend("force", options.keymaps, value)
    else
      options[name] = vim.deepcopy(value)
    end
  end
  return options, faults
end

return M
