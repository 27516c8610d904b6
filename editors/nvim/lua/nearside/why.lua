-- :Nearside why and report: where the last suggestion of this buffer is from and why, and what all of them cost.
local float = require("nearside.float")
local notice = require("nearside.notice")

local M = {}

local WHENCE = {
  engine = "the local model",
  cache = "what the local model said before",
  speculation = "what the local model said ahead",
  hosted = "a hosted model",
}

---Return what there is to say of a suggestion, as lines.
---@param account table the server's answer to nearside/suggestion
---@return string[]
function M.lines(account)
  if not account.source then
    return { "Nearside has suggested nothing in this buffer yet" }
  end
  if account.source == "none" then
    return { account.reason ~= "" and ("Nothing was suggested: " .. account.reason) or "The model had nothing to suggest" }
  end
  local confidence = account.confidence
  local sure = type(confidence) == "number" and (", %.0f %% sure"):format(100 * confidence) or ""
  local lines = { ("The last suggestion is from %s (%s)%s"):format(WHENCE[account.source] or account.source, account.model, sure) }
  if account.route then
    lines[2] = account.route.why
  end
  return lines
end

---Have a server run a command that takes nothing; what it says comes to `use`.
local function command(client, name, use)
  client:request("workspace/executeCommand", { command = name, arguments = {} }, function(err, answer)
    if err then
      notice.say("There is no report: " .. err.message, vim.log.levels.WARN)
    else
      use(answer)
    end
  end)
end

---Show what was spent and what was avoided, in a window; o opens the page of it in the browser.
---@return boolean did
function M.report()
  local client = vim.lsp.get_clients({ name = "nearside" })[1]
  if not client then
    notice.say("There is no report, because no server runs; :checkhealth nearside says why", vim.log.levels.WARN)
    return false
  end
  command(client, "nearside.costText", function(text)
    local win ---@type integer
    local function close()
      float.close(win)
    end
    local function browse()
      close()
      command(client, "nearside.costReport", function() end)
    end
    win = float.open({
      lines = vim.split(text, "\n", { plain = true }),
      title = "Cost of the last 30 days",
      filetype = "nearside-report",
      keys = { { { "o" }, "open in the browser", browse }, { { "q", "<Esc>" }, "close", close } },
    })
  end)
  return true
end

---Say it. Several lines go to the message area at once, where :messages keeps them.
---@return boolean did
function M.say()
  local client = vim.lsp.get_clients({ name = "nearside", bufnr = 0 })[1]
  if not client then
    notice.say("Nearside is not attached to this buffer; :checkhealth nearside says why", vim.log.levels.WARN)
    return false
  end
  local params = { textDocument = { uri = vim.uri_from_bufnr(0) } }
  client:request("nearside/suggestion", params, function(err, account)
    if err then
      notice.say("The server cannot say: " .. err.message, vim.log.levels.WARN)
      return
    end
    for _, line in ipairs(M.lines(account or {})) do
      vim.api.nvim_echo({ { line } }, true, {})
    end
  end)
  return true
end

return M
