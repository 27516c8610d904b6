-- A workspace edit as texts before and after: whether it still fits, what it looks like as a diff, and making it.
-- Shows nothing.
local M = {}

---@class nearside.File
---@field uri string
---@field path string
---@field made boolean whether the edit makes the file
---@field version? integer of the open document that the edit is for
---@field edits lsp.TextEdit[]
---@field before string[]

---Return whether somebody is to be asked before an edit is made.
---@param edit lsp.WorkspaceEdit
---@return boolean
function M.asks(edit)
  for _, note in pairs(edit.changeAnnotations or {}) do
    if note.needsConfirmation then
      return true
    end
  end
  return false
end

---Return the path as a user would write it.
local function named(uri)
  return vim.fn.fnamemodify(vim.uri_to_fname(uri), ":.")
end

---Return the loaded buffer of a file, or nil. Asking Neovim by name would match patterns, or make one.
local function buffer_of(path)
  return vim.iter(vim.api.nvim_list_bufs()):find(function(buf)
    return vim.api.nvim_buf_is_loaded(buf) and vim.api.nvim_buf_get_name(buf) == path
  end)
end

---Return the lines of a file as Neovim has them, or else the disk, and its buffer; nil where there is no file.
local function lines_of(uri)
  local path = vim.uri_to_fname(uri)
  local buf = buffer_of(path)
  if buf then
    return vim.api.nvim_buf_get_lines(buf, 0, -1, false), buf
  end
  local read, lines = pcall(vim.fn.readfile, path)
  return read and vim.tbl_map(function(line)
    return (line:gsub("\r$", ""))
  end, lines) or nil
end

---Return the files an edit changes, in its order. Raises where a step is none that we know.
---@param edit lsp.WorkspaceEdit
---@return nearside.File[]
function M.read(edit)
  local files, by_uri = {}, {} ---@type nearside.File[], table<string, nearside.File>
  for _, step in ipairs(edit.documentChanges) do
    assert(step.kind == nil or step.kind == "create", step.kind)
    local uri = step.uri or step.textDocument.uri
    local file = by_uri[uri]
    if not file then
      file = { uri = uri, path = named(uri), made = step.kind == "create", edits = {}, before = lines_of(uri) or {} }
      by_uri[uri], files[#files + 1] = file, file
    end
    for _, one in ipairs(step.edits or {}) do
      -- An empty buffer has one line already: the last line's end would make another.
      local text = file.made and one.newText:gsub("\n$", "") or one.newText
      file.edits[#file.edits + 1] = { range = one.range, newText = text }
    end
    local version = step.textDocument and step.textDocument.version
    file.version = type(version) == "number" and version or nil
  end
  return files
end

---Return why an edit fits its file no more, or nil. Who changed a text and took that back may still have the edit.
---@param file nearside.File
---@return string?
local function misfit(file)
  local now, buf = lines_of(file.uri)
  if file.made then
    return now and table.concat(now) ~= "" and ("%s was made meanwhile"):format(file.path) or nil
  end
  if not now then
    return ("%s is gone"):format(file.path)
  end
  if not vim.deep_equal(now, file.before) then
    return ("%s was changed meanwhile"):format(file.path)
  end
  if buf and not file.version and vim.bo[buf].modified then
    return ("%s has changes that the server does not know"):format(file.path)
  end
  if buf and not vim.bo[buf].modifiable then
    return ("%s cannot be modified"):format(file.path)
  end
end

---Return why an edit fits no more, or nil.
---@param files nearside.File[]
---@return string?
function M.misfit(files)
  return vim.iter(files):map(misfit):next()
end

---Return why an edit is late already as it arrives, or nil: its document has a newer version.
---@param files nearside.File[]
---@return string?
function M.late(files)
  return vim
    .iter(files)
    :map(function(file)
      local buf = buffer_of(vim.uri_to_fname(file.uri))
      if buf and file.version and vim.lsp.util.buf_versions[buf] > file.version then
        return ("%s was changed meanwhile"):format(file.path)
      end
    end)
    :next()
end

---Return what a file's text comes to.
---@param file nearside.File
---@param encoding "utf-8"|"utf-16"|"utf-32"
---@return string[]
local function after(file, encoding)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, file.before)
  vim.lsp.util.apply_text_edits(vim.deepcopy(file.edits), buf, encoding)
  local lines = vim.api.nvim_buf_get_lines(buf, 0, -1, false)
  vim.api.nvim_buf_delete(buf, { force = true })
  return lines
end

local function joined(lines)
  return #lines > 0 and table.concat(lines, "\n") .. "\n" or ""
end

---Return an edit as a unified diff.
---@param files nearside.File[]
---@param encoding "utf-8"|"utf-16"|"utf-32"
---@return string[]
function M.diff(files, encoding)
  local compare = vim.text and vim.text.diff or vim.diff
  local lines = {}
  for _, file in ipairs(files) do
    local hunks = compare(joined(file.before), joined(after(file, encoding)), { ctxlen = 3 }) --[[@as string]]
    lines[#lines + 1] = "--- " .. (file.made and "/dev/null" or file.path)
    lines[#lines + 1] = "+++ " .. file.path
    vim.list_extend(lines, vim.split(hunks, "\n", { plain = true, trimempty = true }))
  end
  return lines
end

---Make an edit, without Neovim's own question. What it makes is not saved.
---@param files nearside.File[]
---@param encoding "utf-8"|"utf-16"|"utf-32"
function M.make(files, encoding)
  local steps = {}
  for _, file in ipairs(files) do
    if file.made then
      steps[#steps + 1] = { kind = "create", uri = file.uri }
    end
    -- Whether it fits was looked at; 0 is a version that Neovim does not compare.
    steps[#steps + 1] = { textDocument = { uri = file.uri, version = 0 }, edits = file.edits }
  end
  vim.lsp.util.apply_workspace_edit({ documentChanges = steps }, encoding)
  for _, file in ipairs(files) do
    vim.bo[vim.uri_to_bufnr(file.uri)].buflisted = true -- 0.11 leaves a new one unlisted
  end
end

return M
