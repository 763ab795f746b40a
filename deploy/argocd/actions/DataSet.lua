-- Actions of Argo CD on a DataSet: sync-now, the annotation that a person would set.
return { ["sync-now"] = { disabled = false } }
