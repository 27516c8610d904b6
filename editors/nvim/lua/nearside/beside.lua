-- Others' ghost text, which would stand in the same place as ours: quiet where we suggest.
local M = {}

local quiet ---@type fun(): boolean the switch we gave blink.cmp

---Switch blink.cmp's ghost text off where ours is on; its menu stays. It may be loaded late, or set up again.
---@param ours_here fun(): boolean whether we suggest in the current buffer
function M.silence(ours_here)
  local config = package.loaded["blink.cmp.config"]
  local ghost = config and vim.tbl_get(config, "completion", "ghost_text")
  if type(ghost) ~= "table" or not ghost.enabled or ghost.enabled == quiet then
    return
  end
  local theirs = ghost.enabled
  quiet = function()
    if vim.startswith(vim.api.nvim_get_mode().mode, "i") and ours_here() then
      return false
    end
    return theirs == true or type(theirs) == "function" and theirs()
  end
  ghost.enabled = quiet
end

---Have Neovim's own inline completion leave our server alone, should the user have it on for others.
---@param client vim.lsp.Client
function M.silence_native(client)
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable(false, { client_id = client.id })
  end
end

return M
