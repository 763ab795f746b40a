-- Actions of Argo CD on a TrainingJob: suspend, resume. Both change what Git says; a sync changes it back.
local actions = {}
local suspended = obj.spec.suspend == true
local over = obj.status ~= nil and (obj.status.phase == "Succeeded" or obj.status.phase == "Failed")
actions["suspend"] = { disabled = suspended or over }
actions["resume"] = { disabled = not suspended or over }
return actions
