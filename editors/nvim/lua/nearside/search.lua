-- :Nearside search: what the project's index finds for some words, as a quickfix list.
local notice = require("nearside.notice")

local M = {}

local TIMEOUT_MS = 10000

---Fill the quickfix list from the server's answer, and open it.
local function show(words, hits)
  local items = vim.tbl_map(function(hit)
    local what = hit.symbol ~= "" and hit.symbol or vim.trim(hit.text or ""):match("[^\n]*")
    return { filename = vim.uri_to_fname(hit.uri), lnum = hit.line, end_lnum = hit.end_line, text = what }
  end, hits)
  vim.fn.setqflist({}, " ", { title = "Nearside: " .. words, items = items })
  vim.cmd("botright copen")
end

---Search the project of the current buffer.
---@param words string
---@return boolean did
function M.search(words)
  local client = vim.lsp.get_clients({ name = "nearside", bufnr = 0 })[1] or vim.lsp.get_clients({ name = "nearside" })[1]
  if not client then
    notice.say("Nothing was searched, because no server is attached; :checkhealth nearside says why", vim.log.levels.WARN)
    return false
  end
  if vim.trim(words) == "" then
    notice.say("Nothing was searched, because no words were given: :Nearside search {words}", vim.log.levels.WARN)
    return false
  end
  local finished = false
  client:request("workspace/executeCommand", { command = "nearside.search", arguments = { words, 30 } }, function(err, hits)
    finished = true
    if err then
      notice.say("The search failed: " .. err.message, vim.log.levels.WARN)
    elseif not hits or vim.tbl_isempty(hits) then
      notice.say(("Nothing in this project is about %s, or it is not indexed yet"):format(words))
    else
      show(words, hits)
    end
  end)
  vim.defer_fn(function()
    if not finished then
      notice.say("The search takes longer than usual; its list opens when it is done")
    end
  end, TIMEOUT_MS)
  return true
end

return M
