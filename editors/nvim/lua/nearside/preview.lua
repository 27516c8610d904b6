-- What an action would change and no test has proved, shown as a diff to be applied or put away. Several wait in a row.
-- Nothing blocks: the server's request is answered once the user has decided.
local change = require("nearside.change")
local float = require("nearside.float")
local notice = require("nearside.notice")

local M = {}

---@class nearside.Preview
---@field encoding "utf-8"|"utf-16"|"utf-32"
---@field files nearside.File[]
---@field title string
---@field about string who wrote it and what was checked
---@field answer fun(applied: boolean)

local queue = {} ---@type nearside.Preview[] the first is shown, or will be
local shown ---@type integer? its window
local look = { filetype = "diff" } ---@type nearside.Float of that window
local group = vim.api.nvim_create_augroup("nearside.preview", {})
local show ---@type fun()

function look.more()
  return #queue > 1 and ("%d more"):format(#queue - 1) or nil
end

---Tell what became of the first in the queue, and go on with the next.
---@param applied boolean
local function decide(applied)
  local one = table.remove(queue, 1)
  local window = shown
  shown = nil
  if window then
    float.close(window)
  end
  one.answer(applied)
  vim.schedule(show)
end

local function names(files)
  return table.concat(
    vim.tbl_map(function(file)
      return file.path
    end, files),
    ", "
  )
end

local function apply()
  local one = queue[1]
  local why = change.misfit(one.files)
  if why then
    notice.say(("Nothing was changed, because %s; ask again"):format(why), vim.log.levels.WARN)
    return decide(false)
  end
  float.close(assert(shown)) -- first, so that the change happens where the user was
  local made, fault = pcall(change.make, one.files, one.encoding)
  if made then
    notice.say(("Nearside changed %s; u takes it back"):format(names(one.files)))
  else
    notice.say(("Not all was changed, because of an error: %s"):format(fault), vim.log.levels.ERROR)
  end
  decide(made)
end

local function put_away()
  decide(false)
end

look.keys = { { { "a", "<CR>" }, "apply", apply }, { { "q", "<Esc>" }, "put away", put_away } }

---Tell whether a window may take the keys now: who types, selects or answers a question must not lose them to it.
local function free()
  local mode = vim.api.nvim_get_mode().mode
  return (mode == "n" or mode == "nt") and vim.fn.getcmdwintype() == ""
end

---Show the first in the queue, now or as soon as the user is in Normal mode.
function show()
  local one = queue[1]
  if not one or shown then
    return
  end
  if not free() then
    vim.api.nvim_clear_autocmds({ group = group })
    vim.api.nvim_create_autocmd({ "ModeChanged", "CmdwinLeave" }, {
      group = group,
      callback = function()
        vim.schedule(function()
          if free() then
            vim.api.nvim_clear_autocmds({ group = group })
            show()
          end
        end)
      end,
    })
    notice.say(('Nearside shows "%s" when you are back in Normal mode'):format(one.title))
    return
  end
  look.title, look.lines = one.title, { "# " .. one.about, "" }
  vim.list_extend(look.lines, change.diff(one.files, one.encoding))
  local window
  window = float.open(look, function()
    if shown == window then -- closed by other means than our keys
      shown = nil
      decide(false)
    end
  end)
  shown = window
end

---The handler of workspace/applyEdit: an edit that needs no question is Neovim's to make.
---@param err lsp.ResponseError?
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
function M.apply_edit(err, params, context)
  local edit = params.edit
  local client = vim.lsp.get_client_by_id(context.client_id)
  local read, files = false, {}
  if client and change.asks(edit) then
    read, files = pcall(change.read, edit)
  end
  if not client or not read then
    return vim.lsp.handlers["workspace/applyEdit"](err, params, context)
  end
  local why = change.late(files)
  if why then
    notice.say(("Nothing was changed, because %s; ask again"):format(why), vim.log.levels.WARN)
    return { applied = false }
  end
  local note = select(2, next(edit.changeAnnotations)) --[[@as lsp.ChangeAnnotation]]
  local asker = coroutine.running()
  queue[#queue + 1] = {
    encoding = client.offset_encoding,
    files = files,
    title = note.label,
    about = note.description or "Not applied yet",
    answer = function(applied)
      coroutine.resume(asker, { applied = applied })
    end,
  }
  vim.schedule(function()
    if shown then
      float.name_keys(shown, look)
    end
    show()
  end)
  if not jit then
    return { applied = false } -- not yet: a plain Lua cannot wait here
  end
  return coroutine.yield() -- Neovim runs the handler of a request as a coroutine, and answers with what it returns
end

---Put away all that waits to be looked at.
---@return integer count
function M.clear()
  local count = #queue
  for _ = 1, count do
    decide(false)
  end
  return count
end

return M
