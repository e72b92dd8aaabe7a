local ids={} for l in io.lines("/tmp/b/ids.txt") do ids[#ids+1]=l end
local i=0
wrk.method="POST"; wrk.headers["Content-Type"]="application/json"; wrk.headers["Authorization"]="Bearer senim_01a2048966cd72358638dbb4ed5249ea_HITugXC1r_EyG685dzotFKq0me2Mc1W8e4spsWwe1JA"
request=function() i=i+1; local s=ids[(i*7919)%#ids+1]; return wrk.format(nil,nil,nil,string.format('{"subject":"%s","purpose":"newsletter","given":true,"channel":"email","evidence":{"notice":"37af6c58603ef7eb0abf254ac7f8b5736d213fef5f15f517b21b1ccc6e1b7cfe","language":"ru","surface":"form","act":"tick"}}',s)) end
