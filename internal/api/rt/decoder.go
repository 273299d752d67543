package rt

// Decoder reads one JSON document.
type Decoder struct{}
