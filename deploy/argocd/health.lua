-- Health of Kitae's objects for Argo CD, whatever the kind: they all follow the same conditions (kstatus).
--
--   Healthy      what is wanted is there: a job runs or has succeeded, a DataSet or Model has a version, an endpoint answers
--   Progressing  it is being brought up or rolled out, or the operator has not looked yet
--   Suspended    it was suspended or paused by its spec, or waits for an approval
--   Degraded     it has failed, or needs a person
--
-- A running job is Healthy, as Helm and Flux see it: a sync does not wait for hours. What has to wait for its end waits
-- for the condition Complete (docs/gitops.md). An endpoint that serves after a revision was taken back is Degraded: what
-- Git says is not what serves.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local function reason(kind)
  return conditions[kind] and conditions[kind].reason
end

local function health(word, condition)
  local message = status.message
  if message == nil or message == "" then
    message = conditions[condition] and conditions[condition].message or ""
  end
  return { status = word, message = message }
end

if status.observedGeneration == nil or obj.metadata.generation == nil or status.observedGeneration < obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at this yet" }
end
if is("Stalled") then
  return health("Degraded", "Stalled")
end
if is("Failed") then
  return health("Degraded", "Failed")
end
if is("Suspended") or status.phase == "Suspending" then
  return health("Suspended", "Suspended")
end
if is("Reconciling") then
  if reason("Reconciling") == "Paused" or reason("Reconciling") == "WaitingForApproval" then
    return health("Suspended", "Reconciling")
  end
  return health("Progressing", "Reconciling")
end
if obj.kind == "ServingEndpoint" and not is("Ready") then -- nothing is under way that would help it
  local waits = reason("Ready") == "WaitingForGateway"
  return { status = waits and "Progressing" or "Degraded", message = conditions.Ready and conditions.Ready.message or status.message or "" }
end
return health("Healthy", "Ready")
