-- :checkhealth nearside. Reads and asks; changes nothing.
local client = require("nearside.client")
local inline = require("nearside.inline")
local notice = require("nearside.notice")

local M = {}

local ANSWER_MS = 3000

local function check_neovim()
  local version = tostring(vim.version())
  if vim.fn.has("nvim-0.11") == 1 then
    vim.health.ok(("Neovim %s"):format(version))
  else
    vim.health.error(("Neovim %s is too old"):format(version), "Install Neovim 0.11 or later.")
  end
end

local function check_program(options)
  local program = client.executable()
  if program then
    vim.health.ok(("server program: %s"):format(table.concat(options.cmd, " ")))
    return true
  end
  vim.health.error(('"%s" is not on PATH, so there are no suggestions'):format(options.cmd[1]), {
    "Install the server from a checkout of Nearside: pipx install /path/to/the/checkout",
    "Or name it: setup { cmd = { '/path/to/nearside', 'serve' } }",
  })
  return false
end

---Ask an attached server for suggestions as the editor would, and say how it answered.
local function check_answer(attached, buf)
  local started = vim.uv.hrtime()
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(buf) },
    position = { line = 0, character = 0 },
    context = { triggerKind = 1 },
  }
  local answer, why = attached:request_sync("textDocument/inlineCompletion", params, ANSWER_MS, buf)
  local took = (vim.uv.hrtime() - started) / 1e6
  if answer and not answer.err then
    local found = answer.result or {}
    local count = #(found.items or found)
    vim.health.ok(("server answers: %d suggestion(s) at the start of the file in %.0f ms"):format(count, took))
  else
    local reason = answer and answer.err and answer.err.message or why or "no reason given"
    vim.health.warn(("server does not answer: %s"):format(reason), "Look into the log: " .. vim.lsp.log.get_filename())
  end
end

---Return an attached client and one of the buffers it serves; the report itself is the current buffer.
local function find_client()
  local buf = vim.fn.bufnr("#")
  local attached = buf > 0 and inline.client(buf) or nil
  if attached then
    return attached, buf
  end
  local other = vim.lsp.get_clients({ name = client.NAME })[1]
  return other, other and next(other.attached_buffers)
end

local function check_client()
  local attached, buf = find_client()
  if not attached or not buf then
    vim.health.warn("no server is running", {
      "Open a file: the server starts for buffers that hold one (of `filetypes`, if that is set).",
      "If one is open, look into the log: " .. vim.lsp.log.get_filename(),
    })
    return
  end
  local server = attached.server_info or {}
  vim.health.ok(
    ("server %s is attached to %s (%s, project %s)"):format(
      server.version or "of unknown version",
      vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ":."),
      attached.offset_encoding,
      attached.root_dir or "none"
    )
  )
  check_answer(attached, buf)
end

local function report_message()
  local last = notice.last
  if not last then
    vim.health.info("last message: none")
    return
  end
  local report = last.level >= vim.log.levels.WARN and vim.health.warn or vim.health.info
  report(("last message, %s: %s"):format(last.time, last.text))
end

function M.check()
  vim.health.start("nearside")
  check_neovim()
  local options = require("nearside").options()
  if not options then
    vim.health.error("not set up", 'Call require("nearside").setup() in your configuration.')
    return
  end
  if check_program(options) then
    check_client()
  end
  report_message()
end

return M
