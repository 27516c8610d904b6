-- Ghost text through vim.lsp.inline_completion (Neovim 0.12): switches it on, and takes the shown suggestion over
-- when the user acts on it. Taking over is what makes accepting safe: Neovim 0.12.4 inserts an expired suggestion
-- at its old place, which corrupts the line; inline.lua inserts only what still fits.
local events = require("nearside.events")
local fit = require("nearside.fit")
local inline = require("nearside.inline")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local TAKE_MS = 100 -- a bound only: the callback runs in the first round of the event loop

local asked = {} ---@type table<string, nearside.Place> by client and request
local answered = {} ---@type table<string, nearside.Place> by client and buffer, for the answer shown

---@return boolean
function M.available()
  return vim.lsp.inline_completion ~= nil
end

---Switch Neovim's own ghost text on or off in a buffer.
---@param buf integer
---@param on boolean
function M.enable(buf, on)
  if M.available() and vim.api.nvim_buf_is_valid(buf) then
    vim.lsp.inline_completion.enable(on, { bufnr = buf })
  end
end

---@return boolean
function M.visible()
  local namespace = vim.api.nvim_create_namespace("nvim.lsp.inline_completion")
  return #vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { limit = 1 }) > 0
end

---Return what the native item is in our terms; one without a range stands at the cursor it was asked for.
local function to_session(native)
  if type(native.insert_text) ~= "string" then
    return nil -- a snippet of another server
  end
  local buf, now = vim.api.nvim_get_current_buf(), inline.capture()
  local asked_at = answered[native.client_id .. ":" .. buf] or now
  local start_row, start_col, end_row, end_col = asked_at.row, asked_at.col, asked_at.row, asked_at.col
  if native.range then
    start_row, start_col, end_row, end_col = native.range:to_extmark()
  end
  if start_row ~= asked_at.row or end_row ~= asked_at.row then
    return nil
  end
  local text = native.insert_text:gsub("\r\n?", "\n")
  local item = {
    place = fit.place(asked_at, start_col, now),
    text = text,
    whole = text,
    start_col = start_col,
    end_col = end_col,
    command = native.command,
  }
  return { buf = buf, client_id = native.client_id, items = { item }, index = 1 }
end

---Take the natively shown suggestion over: it is hidden there and returned.
---@return nearside.Session?
function M.take()
  if not M.available() then
    return nil
  end
  local session, done
  local taken = vim.lsp.inline_completion.get({
    on_accept = function(item)
      session, done = to_session(item), true
      return nil -- nothing is inserted here
    end,
  })
  if not taken then
    return nil
  end
  -- Neovim hands the item over from the event loop; waiting for it keeps the keys typed next in their order.
  vim.wait(TAKE_MS, function()
    return done
  end, 1)
  return session
end

---Have the server told what Neovim shows of its answers: the first item, if anything.
---@param rpc vim.lsp.rpc.PublicClient
---@return vim.lsp.rpc.PublicClient
function M.observe(rpc)
  local request = rpc.request
  rpc.request = function(method, params, callback, ...)
    if method ~= METHOD or not M.available() then
      return request(method, params, callback, ...)
    end
    local buf = vim.api.nvim_get_current_buf()
    return request(method, params, function(err, result)
      callback(err, result) -- which draws the answer
      local item = type(result) == "table" and (result.items or result)[1]
      local client = inline.client(buf)
      if item and client and buf == vim.api.nvim_get_current_buf() and M.visible() then
        events.shown(client.id, item.insertText, item.command)
      end
    end, ...)
  end
  return rpc
end

---Remember where each native request was made, and keep a suggestion we show ahead of newer native ones.
---@param group integer
function M.watch(group)
  vim.api.nvim_create_autocmd("LspRequest", {
    group = group,
    callback = function(event)
      local request = event.data.request
      if request.method ~= METHOD then
        return
      end
      local key = event.data.client_id .. ":" .. event.data.request_id
      if request.type == "pending" and not inline.asking and request.bufnr == vim.api.nvim_get_current_buf() then
        asked[key] = inline.capture()
      elseif request.type == "cancel" then
        asked[key] = nil
      elseif request.type == "complete" and asked[key] then
        answered[event.data.client_id .. ":" .. request.bufnr] = asked[key]
        asked[key] = nil
        vim.schedule(function() -- after Neovim's handler, which draws the answer
          if inline.edit() then
            M.take()
          end
        end)
      end
    end,
  })
end

return M
