-- The suggestion: asked for, kept fitting while the user types, cycled, and put into the buffer. Neovim 0.12 could do a
-- part of this (vim.lsp.inline_completion), but it asks only after a rest of 200 ms, and goes on drawing, and inserting,
-- what no longer fits.
local events = require("nearside.events")
local fit = require("nearside.fit")
local ghost = require("nearside.ghost")
local notice = require("nearside.notice")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local INVOKED, AUTOMATIC = 1, 2
-- Joins the events of one key. How long to wait for the next one is the server's to say: it knows how fast answers are.
local DEBOUNCE_MS = 20

---@class nearside.Session
---@field buf integer
---@field client_id integer
---@field items nearside.Item[]
---@field index integer
---@field cycled? boolean draw "2/3" behind it

local session ---@type nearside.Session?
local timer ---@type uv.uv_timer_t?
local pending ---@type { client_id: integer, id: integer }?
local generation = 0 -- an answer of an older generation is not wanted any more

---Return the cursor of the current window and its line.
---@return nearside.Place
function M.capture()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return { row = row - 1, col = col, line = vim.api.nvim_get_current_line() }
end

local function inserting()
  return vim.startswith(vim.api.nvim_get_mode().mode, "i")
end

---Return the edit the shown suggestion amounts to now, or nil if there is none or it fits no longer.
---@return nearside.Edit?
function M.edit()
  if not session or vim.api.nvim_get_current_buf() ~= session.buf then
    return nil
  end
  return fit.edit(session.items[session.index], M.capture())
end

---Forget the shown suggestion.
function M.clear()
  if session then
    ghost.clear(session.buf)
    session = nil
  end
end

---Draw the suggestion as it fits now, or forget it.
function M.refresh()
  local edit = M.edit()
  if session and edit then
    local count = session.cycled and ("%d/%d"):format(session.index, #session.items) or nil
    ghost.draw(session.buf, edit, count)
    local item = session.items[session.index]
    events.shown(session.client_id, item.whole, item.command)
  else
    M.clear()
  end
end

---Show a suggestion from now on.
---@param new nearside.Session?
local function adopt(new)
  M.clear()
  session = new
end

---Withdraw the request that waits for its turn or for its answer.
function M.cancel()
  generation = generation + 1
  if timer then
    timer:stop()
  end
  if pending then
    local client = vim.lsp.get_client_by_id(pending.client_id)
    if client and not client:is_stopped() then
      client:cancel_request(pending.id)
    end
    pending = nil
  end
end

---Forget what is shown and withdraw what was asked for.
function M.stop()
  M.cancel()
  M.clear()
end

---Translate one item of an answer, or return nil for what cannot be ghost text at the cursor.
---@param raw lsp.InlineCompletionItem
---@param asked nearside.Place
---@param now nearside.Place
---@param encoding string
---@return nearside.Item?
local function to_item(raw, asked, now, encoding)
  if type(raw.insertText) ~= "string" then
    return nil
  end
  local text = raw.insertText:gsub("\r\n?", "\n")
  if not raw.range then
    local col = asked.col
    return { place = asked, text = text, whole = text, start_col = col, end_col = col, command = raw.command }
  end
  local first, last = raw.range.start, raw.range["end"]
  if first.line ~= asked.row or last.line ~= asked.row then
    return nil
  end
  local line = now.row == asked.row and now.line or asked.line
  local start_col = vim.str_byteindex(line, encoding, first.character, false)
  local place = fit.place(asked, start_col, now)
  local end_col = vim.str_byteindex(place.line, encoding, last.character, false)
  local command = raw.command
  return { place = place, text = text, whole = text, start_col = start_col, end_col = end_col, command = command }
end

---Return which of `items` to show: the `step`th after the one shown now, the first if none is.
local function choose(items, step)
  local edit = M.edit()
  if not (session and edit and step) then
    return 1
  end
  local shown = session.items[session.index].text
  for index, item in ipairs(items) do
    if item.text == shown or vim.endswith(item.text, edit.text) then
      return (index - 1 + step) % #items + 1
    end
  end
  return 1
end

---Ask a client for suggestions at the cursor. An earlier request is withdrawn only now: until then its answer may
---still come and fit.
---@param client vim.lsp.Client
---@param step integer? how far to move on from the shown suggestion, for a request made by hand
---@param renewing? "typing"|"by hand" ask again for what is shown: the server has something better by now
local function ask(client, step, renewing)
  M.cancel()
  local mine, buf, asked = generation, vim.api.nvim_get_current_buf(), M.capture()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding) --[[@as table]]
  params.context = { triggerKind = (step or renewing == "by hand") and INVOKED or AUTOMATIC }
  local sent, id = client:request(METHOD, params, function(err, result)
    if mine ~= generation then
      return
    end
    pending = nil
    if err then
      notice.record(("no suggestion: %s"):format(err.message or "the server gave no reason"), vim.log.levels.WARN)
      return
    end
    if not inserting() then
      return
    end
    local items = {} ---@type nearside.Item[]
    for _, raw in ipairs(result and (result.items or result) or {}) do
      items[#items + 1] = to_item(raw, asked, M.capture(), client.offset_encoding)
    end
    if #items > 0 then
      local index = choose(items, step)
      adopt({ buf = buf, client_id = client.id, items = items, index = index, cycled = step ~= nil })
    elseif not step and not renewing then
      M.clear()
    elseif not session and renewing ~= "typing" then
      notice.say("Nearside has no suggestion here")
    end
    M.refresh()
  end, buf)
  if sent and id and mine == generation then
    pending = { client_id = client.id, id = id }
  end
end

---Return our client of a buffer.
---@param buf integer
---@return vim.lsp.Client?
function M.client(buf)
  return vim.lsp.get_clients({ name = "nearside", bufnr = buf })[1]
end

---Show the next (1) or previous (-1) suggestion, asking the server for more where only one is known.
---@param step integer
---@return boolean did
function M.cycle(step)
  if not inserting() then
    return false
  end
  M.refresh()
  if session and #session.items > 1 then
    session.index = (session.index - 1 + step) % #session.items + 1
    session.cycled = true
    M.refresh()
    return true
  end
  local client = session and vim.lsp.get_client_by_id(session.client_id)
    or M.client(vim.api.nvim_get_current_buf())
  if not client or client:is_stopped() then
    return false
  end
  ask(client, step)
  return true
end

---Ask again for what is shown in a buffer, as the server has something better.
---@param client vim.lsp.Client
---@param by_hand boolean whether the user asked for what is shown
function M.renew(client, by_hand)
  if inserting() and not client:is_stopped() then
    ask(client, nil, by_hand and "by hand" or "typing")
  end
end

---Put text into the buffer at an edit's place and the cursor behind it, as one step of undo.
local function insert(edit, end_col, text)
  vim.bo.undolevels = vim.bo.undolevels -- closes the undo step of what was typed before
  local lines = vim.split(text, "\n", { plain = true })
  vim.api.nvim_buf_set_text(0, edit.row, edit.col, edit.row, end_col, lines)
  local col = (#lines == 1 and edit.col or 0) + #lines[#lines]
  vim.api.nvim_win_set_cursor(0, { edit.row + #lines, col })
end

---Insert a part of the shown suggestion and keep the rest shown, or all of it and tell the server.
local function insert_part(part_of)
  local edit = M.edit()
  if not (session and edit) then
    M.clear()
    return
  end
  local shown = session
  local item = shown.items[shown.index]
  local part = part_of(edit.text)
  if #part < #edit.text then
    insert(edit, edit.col, part)
    M.cancel()
    local rest = fit.remainder(edit, #part, M.capture(), item)
    events.partially_accepted(shown.client_id, item.whole, item.command, rest.text)
    adopt({ buf = shown.buf, client_id = shown.client_id, items = { rest }, index = 1 })
    M.refresh()
    return
  end
  insert(edit, edit.end_col, part)
  M.stop()
  events.accepted()
  local client = vim.lsp.get_client_by_id(shown.client_id)
  if item.command and client then
    client:exec_cmd(item.command, { bufnr = shown.buf }, function() end)
  end
end

---Accept a part of the shown suggestion.
---@param part_of fun(text: string): string returns the part, a beginning of the text
---@return boolean did
function M.accept(part_of)
  if not M.edit() then
    M.clear()
    return false
  end
  local done, reason = pcall(insert_part, part_of)
  if not done and tostring(reason):find("E565") then -- an <expr> mapping may not change text: right after, before the next key
    M.finish = function()
      insert_part(part_of)
    end
    local finish = vim.keycode('<Cmd>lua require("nearside.inline").finish()<CR>')
    vim.api.nvim_feedkeys(finish, "ni", false)
  elseif not done then
    notice.record(("the suggestion was not inserted: %s"):format(reason), vim.log.levels.WARN)
  end
  return true
end

---Follow the user's typing in a buffer.
---@param buf integer
---@param group integer
---@param wanted fun(): boolean whether to ask while typing
function M.attach(buf, group, wanted)
  vim.api.nvim_create_autocmd({ "InsertEnter", "CursorMovedI", "TextChangedI", "TextChangedP" }, {
    group = group,
    buffer = buf,
    callback = function()
      M.refresh()
      if not wanted() then
        return
      end
      timer = timer or assert(vim.uv.new_timer())
      timer:start(DEBOUNCE_MS, 0, vim.schedule_wrap(function()
        local client = M.client(buf)
        if client and inserting() and vim.api.nvim_get_current_buf() == buf then
          ask(client)
        end
      end))
    end,
  })
  vim.api.nvim_create_autocmd({ "InsertLeave", "BufLeave" }, {
    group = group,
    buffer = buf,
    callback = function()
      M.stop()
      events.dismissed()
    end,
  })
end

return M
