-- The server's process: started at once or after a wait, and its end told in our words. Knows nothing of buffers.
local M = {}

local NOT_STARTED = 127 -- the exit code a shell gives a program that cannot be run
local TERMINATED = 15

---@class nearside.Process
---@field cmd string[]
---@field env table<string, string>
---@field cwd string?
---@field wait integer milliseconds before it is started

---Start a process, or report the end of one that cannot be.
local function start(process, dispatchers)
  local extra = { cwd = process.cwd, env = process.env }
  local done, rpc = pcall(vim.lsp.rpc.start, process.cmd, dispatchers, extra)
  if done then
    return rpc
  end
  vim.lsp.log.error("nearside", rpc)
  dispatchers.on_exit(NOT_STARTED, 0)
end

---Return a connection to a process that is started after the wait; what is sent until then is kept for it.
local function start_later(process, dispatchers)
  local rpc, closed
  local kept = {}
  vim.defer_fn(function()
    rpc = not closed and start(process, dispatchers) or nil
    closed = rpc == nil
    for _, send in ipairs(rpc and kept or {}) do
      send()
    end
  end, process.wait)
  local function pass(name)
    return function(...)
      if rpc then
        return rpc[name](...)
      end
      local arguments = vim.F.pack_len(...)
      kept[#kept + 1] = function()
        rpc[name](vim.F.unpack_len(arguments))
      end
      return not closed
    end
  end
  return {
    request = pass("request"),
    notify = pass("notify"),
    is_closing = function()
      return closed or (rpc ~= nil and rpc.is_closing())
    end,
    terminate = function()
      if rpc then
        rpc.terminate()
      elseif not closed then
        closed = true
        dispatchers.on_exit(0, TERMINATED)
      end
    end,
  }
end

---Start a server and return the connection to it. Neovim's own messages about its end do not fit on one line, so it
---learns of a quiet one, after `ended` was called.
---@param process nearside.Process
---@param dispatchers vim.lsp.rpc.Dispatchers
---@param ended fun(code: integer, signal: integer, lived_ms: integer) called if nobody asked it to end
---@return vim.lsp.rpc.PublicClient
function M.start(process, dispatchers, ended)
  local begun = vim.uv.now() + process.wait
  local quiet = vim.tbl_extend("force", dispatchers, {
    on_error = function(kind, reason)
      vim.lsp.log.error("nearside", kind, reason)
    end,
    on_exit = function(code, signal)
      local leaving = vim.v.exiting ~= vim.NIL
      vim.schedule(function()
        local expected = leaving or (code == 0 and signal == 0) or signal == TERMINATED
        if not expected then
          ended(code, signal, vim.uv.now() - begun)
        end
        dispatchers.on_exit(0, 0)
      end)
    end,
  })
  return process.wait > 0 and start_later(process, quiet)
    or vim.lsp.rpc.start(process.cmd, quiet, { cwd = process.cwd, env = process.env })
end

return M
