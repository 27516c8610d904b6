-- Insert-mode keys of the buffers we are attached to. A key with nothing to act on does what it did without us.
local M = {}

local PLUG = "<Plug>(nearside-ordinary-%s)"
local PREFIX = "Nearside: "
local BLINK = "blink.cmp: " -- what blink.cmp's mappings are called

local bound = {} ---@type table<string, string> the key of each action
local before = {} ---@type table<integer, table<string, table>> what the keys of a buffer were mapped to, by action

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

local function has_prefix(mapping, prefix)
  return mapping and vim.startswith(mapping.desc or "", prefix)
end

---Let a key do what it did without us: what the buffer mapped it to before, else what is mapped globally now.
local function ordinary(action, mapping)
  local key = bound[action]
  mapping = mapping or mapping_of(key, vim.api.nvim_get_keymap("i"))
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

---Whether a key is first of all blink.cmp's, by a mapping of its that ours hides. It maps over ours on InsertEnter; where
---it came first, its menu keeps its keys all the same.
local function blink_has(mapping)
  return has_prefix(mapping, BLINK) and mapping.callback and require("blink.cmp").is_menu_visible()
end

---Do what a key stands for; the mappings call this.
---@param action string
function M.press(action)
  local mapping = (before[vim.api.nvim_get_current_buf()] or {})[action]
  local typed ---@type string?
  if blink_has(mapping) then
    typed = mapping.callback() or "" -- the key itself if it has nothing to do
    if typed ~= keycodes(bound[action]) then
      vim.api.nvim_feedkeys(typed, "ni", false)
      return
    end
  end
  if require("nearside")[action]() then
    return
  elseif typed then
    vim.api.nvim_feedkeys(typed, "ni", false)
  else
    ordinary(action, mapping)
  end
end

---Map the configured keys in a buffer.
---@param buf integer
---@param keys table<string, string|false>
function M.attach(buf, keys)
  before[buf] = before[buf] or {}
  for action, key in pairs(keys) do
    local found = key and mapping_of(key, vim.api.nvim_buf_get_keymap(buf, "i"))
    if key and not has_prefix(found, PREFIX) then
      bound[action], before[buf][action] = key, found
      -- Text, not a function: who falls back to a function may call it only after the keys typed next.
      local press = ('<Cmd>lua require("nearside.keymaps").press("%s")<CR>'):format(action)
      vim.keymap.set("i", key, press, { buffer = buf, desc = PREFIX .. action:gsub("_", " ") })
    end
  end
end

---Remove our keys from a buffer.
---@param buf integer
---@param keys table<string, string|false>
function M.detach(buf, keys)
  if not vim.api.nvim_buf_is_valid(buf) then
    before[buf] = nil
    return
  end
  for _, key in pairs(keys) do
    local mapping = key and mapping_of(key, vim.api.nvim_buf_get_keymap(buf, "i"))
    if has_prefix(mapping, PREFIX) then
      vim.keymap.del("i", key, { buffer = buf })
    end
  end
end

return M
