-- Where the cursor rests in normal mode: told to the server, which has the model read what stands there before you type.
local M = {}

local REST_MS = 150 -- a cursor that moves on within this is only passing through

local timer ---@type uv.uv_timer_t?

local function tell(buf, client)
  if not vim.api.nvim_buf_is_valid(buf) or vim.api.nvim_get_current_buf() ~= buf or client:is_stopped() then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  client:notify("nearside/cursor", params)
end

---Tell the server where the cursor of a buffer rests, from now on.
---@param buf integer
---@param client vim.lsp.Client
---@param group integer the augroup whose end ends this
function M.attach(buf, client, group)
  local function later()
    timer = timer or assert(vim.uv.new_timer())
    timer:start(REST_MS, 0, vim.schedule_wrap(function()
      tell(buf, client)
    end))
  end
  vim.api.nvim_create_autocmd({ "CursorMoved", "BufEnter" }, { group = group, buffer = buf, callback = later })
  later()
end

return M
