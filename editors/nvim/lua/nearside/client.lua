-- The server's life: registered with vim.lsp, started for files, started again when it dies (the process itself is
-- process.lua's). Shows no suggestion itself.
local actions = require("nearside.actions")
local inline = require("nearside.inline")
local notice = require("nearside.notice")
local process = require("nearside.process")
local preview = require("nearside.preview")
local statusline = require("nearside.statusline")

local M = {}

M.NAME = "nearside"

-- A server that ended is always started again, and soon; one that keeps ending takes little of the machine.
local RESTART_MS = 200
local MANY, BROKEN_MS = 25, 30000 -- the wait after this many ends in a row
local TELL_AGAIN = 5 -- the end in a row that the user hears of, after the first
local STEADY_MS = 10000 -- a server that lived this long has recovered from what ended the one before

local LEAVING_MS = 3000 -- until a server that was asked to leave is made to

-- The first that is found anywhere above a file is its project; a package inside a repository is no project of its own.
local ROOT_MARKERS = { ".nearside.toml", ".git", { "pyproject.toml", "package.json", "Cargo.toml", "go.mod" } }

M.env = {} ---@type table<string, string> laid over the options' from the next start on

local options ---@type nearside.Options
local ends = 0 -- in a row

---Return the buffers of our clients, of those too that had no answer from their server yet.
local function attached()
  local buffers = {}
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME, _uninitialized = true })) do
    vim.list_extend(buffers, vim.tbl_keys(client.attached_buffers))
  end
  return buffers
end

---Return the command's first word, found on PATH or as a path, or nil.
---@return string?
function M.executable()
  local found = vim.fn.exepath(options.cmd[1])
  return found ~= "" and found or nil
end

---Call back with the project folder of a buffer that holds a file; other buffers are none of ours.
local function find_root(buf, on_dir)
  local name = vim.api.nvim_buf_get_name(buf)
  if vim.bo[buf].buftype == "" and name ~= "" and not name:match("^%a[%w+.-]+:") then
    on_dir(vim.iter(ROOT_MARKERS):map(function(marker)
      return vim.fs.root(buf, marker)
    end):next())
  end
end

local launch ---@type fun(dispatchers: vim.lsp.rpc.Dispatchers, config: table?, wait: integer?): vim.lsp.rpc.PublicClient

---Start or reuse a server for one buffer; a new one may have to wait.
local function start_for(buf, wait)
  find_root(buf, function(root)
    local config = vim.deepcopy(vim.lsp.config[M.NAME])
    config.root_dir = root -- which may be nil
    config.cmd = function(dispatchers, resolved)
      return launch(dispatchers, resolved, wait)
    end
    vim.lsp.start(config, { bufnr = buf, silent = true })
  end)
end

---Start again after an unexpected end, and tell the user in one line: of the first end, and when they do not stop.
---The new client is attached before the old one goes, and only its process waits: Neovim stops telling changes of a
---buffer for good when it is edited while it has no client at all.
local function ended(code, signal, lived_ms)
  local cause = signal ~= 0 and ("signal %d"):format(signal) or ("exit code %d"):format(code)
  ends = lived_ms > STEADY_MS and 1 or ends + 1
  local line = "Nearside pauses: its server ended (%s) and is started again"
  if ends >= TELL_AGAIN then
    line = "Nearside pauses: its server keeps ending (%s). See :checkhealth nearside"
  end
  local say = (ends == 1 or ends == TELL_AGAIN) and notice.say or notice.record
  say(line:format(cause), vim.log.levels.WARN)
  if vim.lsp.is_enabled(M.NAME) then
    local wait = ends > MANY and BROKEN_MS or RESTART_MS
    vim.iter(attached()):filter(vim.api.nvim_buf_is_valid):each(function(buf)
      start_for(buf, wait)
    end)
  end
end

function launch(dispatchers, config, wait)
  local folder = config and config.root_dir or nil
  local env = vim.tbl_extend("force", options.env, M.env)
  local wanted = { cmd = options.cmd, env = env, cwd = folder, wait = wait or 0 }
  return process.start(wanted, dispatchers, ended)
end

local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO }

---Show what a hosted model made of the draft on screen, if the cursor is still there.
local function refresh(_, params, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client or vim.uri_to_bufnr(params.uri) ~= vim.api.nvim_get_current_buf() then
    return
  end
  inline.renew(client, params.byHand)
end

local handlers = {
  ["nearside/refresh"] = refresh,
  ["nearside/explanation"] = function(_, params)
    actions.explain(params)
  end,
  ["nearside/status"] = function(_, params, context)
    statusline.told(context.client_id, params)
  end,
  ["workspace/applyEdit"] = preview.apply_edit,
  ["window/logMessage"] = function(_, params)
    if levels[params.type] then
      notice.record(params.message, levels[params.type])
    end
  end,
  ["window/showMessage"] = function(_, params)
    local text = params.message:match("^[Nn]earside") and params.message or "Nearside: " .. params.message
    notice.say(text, levels[params.type])
  end,
}

---Register the server and start it for every file that is or will be open.
---@param new nearside.Options
---@return boolean started
function M.start(new)
  options = new
  if not M.executable() then
    local line = 'Nearside is off: "%s" is not on PATH. Install it, or see :help nearside-cmd'
    notice.say(line:format(options.cmd[1]), vim.log.levels.WARN)
    return false
  end
  vim.lsp.config(M.NAME, {
    cmd = function(dispatchers, config)
      return launch(dispatchers, config)
    end,
    filetypes = options.filetypes,
    root_dir = find_root,
    on_init = function()
      if ends > 0 then
        notice.record("Nearside is back: its server runs again")
      end
    end,
    init_options = next(options.settings) and options.settings or vim.empty_dict(),
    settings = next(options.settings) and { nearside = options.settings } or {},
    handlers = handlers,
    commands = { ["nearside.instruct"] = actions.instruct },
    capabilities = {
      -- 0.11 does not announce it; with it, a server offers a suggestion as ghost text only, never twice.
      textDocument = {
        inlineCompletion = { dynamicRegistration = false },
        -- No edit: actions run when they are chosen, not when a menu looks ahead, and their edit comes as a request.
        codeAction = { resolveSupport = { properties = { "command" } } },
      },
      workspace = {
        -- Neovim applies them and does not say so; without them no edit could create a file.
        workspaceEdit = { documentChanges = true, changeAnnotationSupport = { groupsOnLabel = true } },
      },
      experimental = {
        nearside = { asksAtOnce = true, asksInstruction = true, showsExplanation = true, showsStatus = true },
      },
    },
  })
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
    client.settings = { nearside = options.settings }
    client:notify("workspace/didChangeConfiguration", { settings = client.settings })
  end
  vim.lsp.enable(M.NAME)
  return true
end

---Stop all servers, by force if they stay, and start them anew for the files that are open.
---@return boolean started
function M.restart()
  ends = 0
  local going = vim.lsp.get_clients({ name = M.NAME })
  for _, client in ipairs(going) do
    client:stop()
  end
  vim.defer_fn(function()
    for _, client in ipairs(going) do
      if not client.rpc.is_closing() then
        client.rpc.terminate()
      end
    end
  end, LEAVING_MS)
  if not M.start(options) then
    return false
  end
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    local wanted = not options.filetypes or vim.list_contains(options.filetypes, vim.bo[buf].filetype)
    if wanted and vim.api.nvim_buf_is_loaded(buf) then
      start_for(buf)
    end
  end
  return true
end

---Serve buffers without a filetype too: vim.lsp.enable waits for a FileType event they never get.
---@param group integer
function M.watch_untyped(group)
  local function serve(buf)
    local untyped = vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].filetype == ""
    if untyped and not options.filetypes and vim.lsp.is_enabled(M.NAME) then
      start_for(buf)
    end
  end
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
    group = group,
    callback = function(event)
      vim.schedule(function()
        serve(event.buf)
      end)
    end,
  })
  vim.schedule(function()
    vim.iter(vim.api.nvim_list_bufs()):each(serve) -- those open before setup()
  end)
end

return M
