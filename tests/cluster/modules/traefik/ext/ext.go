// Package ext stands for a module that Traefik's own go.mod takes from a folder of its repository, and that no module
// proxy serves. It is where others put options of their own; Traefik itself has none.
package ext

// HTTP has no options.
type HTTP struct{}

// DeepCopyInto copies nothing.
func (in *HTTP) DeepCopyInto(out *HTTP) { *out = *in }

// DeepCopy copies nothing into a new one.
func (in *HTTP) DeepCopy() *HTTP {
	if in == nil {
		return nil
	}
	return new(HTTP)
}

// Router has no options.
type Router struct{}

// DeepCopyInto copies nothing.
func (in *Router) DeepCopyInto(out *Router) { *out = *in }

// DeepCopy copies nothing into a new one.
func (in *Router) DeepCopy() *Router {
	if in == nil {
		return nil
	}
	return new(Router)
}
