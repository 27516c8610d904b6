-- :Nearside menu: what answers, how far the project is known, what was spent today; and what can be done about it.
local client = require("nearside.client")
local notice = require("nearside.notice")
local statusline = require("nearside.statusline")
local why = require("nearside.why")

local M = {}

local OFFLINE = "NEARSIDE_OFFLINE"
local NO = { [""] = true, ["0"] = true, ["false"] = true, no = true, off = true } -- as the server reads it

---Return the server of the current buffer, or else any.
---@return vim.lsp.Client?
local function server()
  return vim.lsp.get_clients({ name = client.NAME, bufnr = 0 })[1] or vim.lsp.get_clients({ name = client.NAME })[1]
end

---Return the options, after a word to the user where there are none.
local function options()
  local found = require("nearside").options()
  if not found then
    notice.say('Nearside is not set up: call require("nearside").setup() in your configuration', vim.log.levels.WARN)
  end
  return found
end

---Return whether the server is, or would be, started offline.
---@return boolean
function M.is_offline()
  local given = (require("nearside").options() or {}).env or {}
  local said = client.env[OFFLINE] or given[OFFLINE] or vim.env[OFFLINE] or ""
  return not NO[vim.trim(said):lower()]
end

---Start the server again with the network or without, for this session of Neovim.
---@param offline boolean
---@return boolean did
function M.go(offline)
  local given = options()
  if not given then
    return false
  end
  if not offline and vim.list_contains(given.cmd, "--offline") then
    notice.say("Nearside stays offline, because its cmd says --offline; see :help nearside-cmd", vim.log.levels.WARN)
    return false
  end
  client.env[OFFLINE] = offline and "1" or "0"
  if not client.restart() then
    return false
  end
  notice.say(offline and "Nearside restarts offline: nothing leaves this machine" or "Nearside restarts online")
  return true
end

---Start the server again.
---@return boolean did
function M.restart()
  if not options() or not client.restart() then
    return false
  end
  notice.say("Nearside's server is started again")
  return true
end

local function money(amount)
  local value = tonumber(amount) or 0
  return (value > 0 and value < 0.01 and "$%.4f" or "$%.2f"):format(value)
end

---Return what a server told of itself, as lines.
---@param told table as docs/editors.md describes nearside/status
---@param offline boolean
---@return string[]
local function said(told, offline)
  local engine = ({ loading = "is loading", ready = "is ready", failed = "does not answer" })[told.engine]
  local where = offline and "Offline: nothing leaves this machine" or "Local only: no hosted model is asked"
  local index, spent = told.index, told.spent
  local read = index.total > 0 and (": %d of %d"):format(index.done, index.total) or ""
  return {
    told.model ~= "" and ("Model: %s (%s)"):format(told.model, engine) or ("The model %s"):format(engine),
    told.hosted ~= "" and not offline and ("Hosted model where the local one will not do: " .. told.hosted) or where,
    ({ off = "The project is not indexed", reading = "The project is being read" .. read,
      ready = "The project's index is ready" })[index.state],
    type(spent) == "table" and ("Spent today: %s of %s"):format(money(spent.today), money(spent.budget))
      or "Spent today: $0.00",
  }
end

---Return the state of things, as lines.
---@return string[]
function M.lines()
  local running = server()
  if not running then
    return { client.executable() and "The server does not run: restart it, or see :checkhealth nearside"
      or "The server is not installed: see :checkhealth nearside" }
  end
  local told = statusline.figures(running.id)
  local lines = told and said(told, M.is_offline()) or { "The server starts" }
  if require("nearside").paused() then
    table.insert(lines, 1, "Suggestions are paused")
  elseif told and not told.enabled then
    table.insert(lines, 1, "Suggestions are off (completion.enabled)")
  end
  return lines
end

---Open the log in a window: the server's, or Neovim's own of its servers where there is none.
---@return boolean did
function M.log()
  local function open(path)
    if not vim.uv.fs_stat(path or "") then
      path = vim.lsp.log.get_filename()
    end
    vim.cmd("botright split " .. vim.fn.fnameescape(path) .. " | setlocal readonly autoread | normal! G")
  end
  local running = server()
  if not running then
    open(vim.fs.joinpath(vim.env.XDG_STATE_HOME or vim.fs.normalize("~/.local/state"), "nearside/nearside.log"))
    return true
  end
  running:request("workspace/executeCommand", { command = "nearside.logFile" }, function(_, path)
    open(path)
  end)
  return true
end

---@class nearside.Entry
---@field text string
---@field run fun()

---Return what the menu offers now.
---@return nearside.Entry[]
function M.entries()
  local entries = {} ---@type nearside.Entry[]
  local function add(text, run)
    entries[#entries + 1] = { text = text, run = run }
  end
  for _, line in ipairs(M.lines()) do
    add(line, line:match("^Spent") and why.report or M.log)
  end
  local paused, offline = require("nearside").paused(), M.is_offline()
  add(paused and "> Resume suggestions" or "> Pause suggestions", function()
    require("nearside").pause(not paused)
  end)
  add(offline and "> Go online (restarts the server)" or "> Go offline (restarts the server)", function()
    M.go(not offline)
  end)
  if server() then
    add("> Explain the last decision", why.say)
    add("> Open the cost report", why.report)
  end
  add("> Restart the server", M.restart)
  add("> Open the log", M.log)
  return entries
end

---Show what there is to know and to do, in whatever vim.ui.select is.
---@return boolean did
function M.open()
  if not options() then
    return false
  end
  vim.ui.select(M.entries(), {
    prompt = "Nearside:",
    kind = "nearside",
    format_item = function(entry)
      return entry.text
    end,
  }, function(chosen)
    if chosen then
      chosen.run()
    end
  end)
  return true
end

return M
