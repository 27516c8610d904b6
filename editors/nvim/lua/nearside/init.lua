-- Nearside for Neovim: setup() and the functions to map. Each function returns whether it did something.
local actions = require("nearside.actions")
local beside = require("nearside.beside")
local client = require("nearside.client")
local config = require("nearside.config")
local cursor = require("nearside.cursor")
local events = require("nearside.events")
local fit = require("nearside.fit")
local ghost = require("nearside.ghost")
local hints = require("nearside.hints")
local inline = require("nearside.inline")
local keymaps = require("nearside.keymaps")
local notice = require("nearside.notice")
local statusline = require("nearside.statusline")

local M = {}

local options ---@type nearside.Options?
local enabled = true

---Insert the whole suggestion.
---@return boolean did
function M.accept()
  return inline.accept(function(text)
    return text
  end)
end

---Insert the suggestion's next word; the rest stays shown.
---@return boolean did
function M.accept_word()
  return inline.accept(fit.first_word)
end

---Insert the suggestion's next line; the rest stays shown.
---@return boolean did
function M.accept_line()
  return inline.accept(fit.first_line)
end

---Show the next suggestion; asks for one where none is shown.
---@return boolean did
function M.next()
  return inline.cycle(1)
end

---Show the previous suggestion; asks for one where none is shown.
---@return boolean did
function M.previous()
  return inline.cycle(-1)
end

---Return whether a suggestion is on screen.
---@return boolean
function M.visible()
  return inline.edit() ~= nil
end

---Hide the suggestion until the text changes.
---@return boolean did
function M.dismiss()
  local shown = M.visible()
  inline.stop()
  events.dismissed()
  return shown
end

local function suggest_while_typing()
  return enabled and options ~= nil and options.auto
end

---Return whether suggestions while typing are switched off.
---@return boolean
function M.paused()
  return not enabled
end

---Switch suggestions while typing off, or on again, for this session of Neovim.
---@param paused boolean
---@return boolean did
function M.pause(paused)
  if not options then
    return false
  end
  enabled = not paused
  inline.stop()
  statusline.changed()
  notice.say(enabled and "Nearside suggests while you type" or "Nearside is quiet until :Nearside resume")
  return true
end

---Switch suggestions while typing on or off.
---@return boolean did
function M.toggle()
  return M.pause(enabled)
end

---Return what there is to know, as lines.
---@return string[]
function M.status()
  if not options then
    return { 'Nearside is not set up: call require("nearside").setup() in your configuration' }
  end
  local lines = {}
  local attached = inline.client(vim.api.nvim_get_current_buf())
  if attached then
    local typing = suggest_while_typing() and "suggests while you type" or "suggests only when asked"
    local server = attached.server_info or {}
    lines[1] = ("Nearside %s is attached and %s"):format(server.version or "", typing):gsub("  ", " ")
  else
    lines[1] = "Nearside is not attached to this buffer; :checkhealth nearside says why"
  end
  if notice.last then
    lines[2] = ("Last message, %s: %s"):format(notice.last.time, notice.last.text)
  end
  return lines
end

---Return a few words for a status line about the current buffer; empty where Nearside has nothing to do with it.
---Inside of 'statusline' the current buffer is the one of the window that is drawn.
---@return string
function M.statusline()
  if not options then
    return ""
  end
  return statusline.text(vim.api.nvim_get_current_buf(), suggest_while_typing())
end

---Keep other plugins' ghost text off where ours is; they may be loaded by the same InsertEnter.
local function silence_others()
  vim.schedule(function()
    beside.silence(function()
      return suggest_while_typing() and inline.client(vim.api.nvim_get_current_buf()) ~= nil
    end)
  end)
end

local function watch()
  local group = vim.api.nvim_create_augroup("nearside", {})
  vim.api.nvim_create_autocmd("LspAttach", {
    group = group,
    callback = function(event)
      local attached = vim.lsp.get_client_by_id(event.data.client_id)
      if options and attached and attached.name == client.NAME then
        vim.api.nvim_clear_autocmds({ group = "nearside.inline", buffer = event.buf })
        local inner = vim.api.nvim_create_augroup("nearside.inline", { clear = false })
        inline.attach(event.buf, inner, suggest_while_typing)
        cursor.attach(event.buf, attached, inner)
        hints.attach(event.buf, attached, inner)
        beside.silence_native(attached)
        keymaps.attach(event.buf, options.keymaps)
        silence_others()
      end
    end,
  })
  vim.api.nvim_create_autocmd("LspDetach", {
    group = group,
    callback = function(event)
      local detached = vim.lsp.get_client_by_id(event.data.client_id)
      if options and detached and detached.name == client.NAME then
        inline.stop()
        vim.api.nvim_clear_autocmds({ group = "nearside.inline", buffer = event.buf })
        keymaps.detach(event.buf, options.keymaps)
      end
    end,
  })
  vim.api.nvim_create_autocmd("InsertEnter", { group = group, callback = silence_others })
  vim.api.nvim_create_autocmd("ColorScheme", { group = group, callback = ghost.set_highlights })
  actions.watch(group)
  statusline.watch(group)
  client.watch_untyped(group)
end

---Start Nearside. Called again, it takes the new options over; a new `cmd` counts from the next start on.
---@param given table? see nearside.config
function M.setup(given)
  if not vim.lsp.config then
    notice.say("Nearside is off: it needs Neovim 0.11 or later", vim.log.levels.WARN)
    return
  end
  local resolved, faults = config.resolve(given)
  if #faults > 0 then
    notice.say("Nearside keeps a default: " .. table.concat(faults, "; "), vim.log.levels.WARN)
  end
  options = resolved
  vim.api.nvim_create_augroup("nearside.inline", { clear = false })
  ghost.set_highlights()
  watch()
  client.start(options)
end

---Return the options in force, or nil before setup().
---@return nearside.Options?
function M.options()
  return options
end

return M
