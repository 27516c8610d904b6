-- :Nearside docs: the documentation of a name, or of what is under the cursor, in a window of its own.
local notice = require("nearside.notice")

local M = {}

local WIDEST = 100

---Show Markdown in a floating window that goes with the next movement; gf follows the place in its last line.
local function show(answer)
  local lines = vim.split(answer.markdown, "\n", { plain = true })
  local options = { border = "rounded", max_width = WIDEST, focus_id = "nearside.docs", wrap = true }
  vim.lsp.util.open_floating_preview(lines, "markdown", options)
end

---Look a name up; an empty one is what the cursor is on.
---@param name string
---@return boolean did
function M.docs(name)
  local client = vim.lsp.get_clients({ name = "nearside", bufnr = 0 })[1] or vim.lsp.get_clients({ name = "nearside" })[1]
  if not client then
    notice.say("Nothing was looked up, because no server is attached; :checkhealth nearside says why", vim.log.levels.WARN)
    return false
  end
  local asked = { name = vim.trim(name) }
  if asked.name == "" then
    local position = vim.lsp.util.make_position_params(0, client.offset_encoding)
    asked = { uri = position.textDocument.uri, position = position.position }
  end
  client:request("workspace/executeCommand", { command = "nearside.docs", arguments = { asked } }, function(err, answer)
    if err then
      notice.say("The look-up failed: " .. err.message, vim.log.levels.WARN)
    elseif not answer or answer.where == "" then
      notice.say(answer and answer.markdown or "Nothing was found", vim.log.levels.WARN)
    else
      show(answer)
    end
  end)
  return true
end

return M
