-- One listener for each line of the environment variable FILTERS, with the line as its display filter. At the end, a line for each:
-- "= 1,5,7", the numbers of the packets that passed, or "! why" where tshark refuses the filter.
local answers = {}
for filter in (os.getenv("FILTERS") .. "\n"):gmatch("(.-)\n") do
  local passed = {}
  local index = #answers + 1
  local ok, listener = pcall(Listener.new, nil, filter)
  if ok then
    answers[index] = passed
    function listener.packet(pinfo)
      passed[#passed + 1] = pinfo.number
    end
  else
    answers[index] = tostring(listener):gsub("\n", " ")
  end
end

local last = Listener.new()
function last.draw()
  for _, answer in ipairs(answers) do
    print(type(answer) == "table" and "= " .. table.concat(answer, ",") or "! " .. answer)
  end
end
