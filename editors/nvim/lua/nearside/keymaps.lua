-- Insert-mode keys of the buffers we are attached to. A key with nothing to act on does what it did without us.
local M = {}

local PLUG = "<Plug>(nearside-ordinary-%s)"
local PREFIX = "Nearside: "

local function keycodes(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

---Return the mapping of a key among mappings, or nil.
local function mapping_of(key, mappings)
  local raw = keycodes(key)
  for _, mapping in ipairs(mappings) do
    if mapping.lhsraw == raw or mapping.lhsrawalt == raw then
      return mapping
    end
  end
end

local function is_ours(mapping)
  return vim.startswith(mapping.desc or "", PREFIX)
end

---Let a key do what it did without us: what the buffer mapped it to before, else what is mapped globally now.
local function ordinary(action, key, before)
  local mapping = before or mapping_of(key, vim.api.nvim_get_keymap("i"))
  if not mapping then
    vim.api.nvim_feedkeys(keycodes(key), "ni", false)
    return
  end
  local plug = PLUG:format(action)
  mapping = vim.tbl_extend("force", mapping, { lhs = plug, buffer = 0 })
  mapping.lhsraw, mapping.lhsrawalt = keycodes(plug), nil
  vim.fn.mapset("i", false, mapping)
  vim.api.nvim_feedkeys(keycodes(plug), "mi", false)
end

---Map the configured keys in a buffer.
---@param buf integer
---@param keys table<string, string|false>
---@param actions table<string, fun(): boolean>
function M.attach(buf, keys, actions)
  for action, key in pairs(keys) do
    if key then
      local before = mapping_of(key, vim.api.nvim_buf_get_keymap(buf, "i"))
      if not (before and is_ours(before)) then
        vim.keymap.set("i", key, function()
          if not actions[action]() then
            ordinary(action, key, before)
          end
        end, { buffer = buf, desc = PREFIX .. action:gsub("_", " ") })
      end
    end
  end
end

---Remove our keys from a buffer.
---@param buf integer
---@param keys table<string, string|false>
function M.detach(buf, keys)
  if not vim.api.nvim_buf_is_valid(buf) then
    return
  end
  for _, key in pairs(keys) do
    local mapping = key and mapping_of(key, vim.api.nvim_buf_get_keymap(buf, "i"))
    if mapping and is_ours(mapping) then
      vim.keymap.del("i", key, { buffer = buf })
    end
  end
end

return M
