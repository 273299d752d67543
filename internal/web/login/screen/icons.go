package screen

import "html/template"

// open begins an icon: a picture of 24 by 24 that the style gives its size and stroke.
const open = `<svg viewBox="0 0 24 24" aria-hidden="true">`

// icons are drawn in lines, except the marks of providers, which have the colours of their owners.
var icons = map[string]template.HTML{
	"email":    open + `<rect x="3" y="5" width="18" height="14" rx="3"/><path d="m3.5 8 7.3 5.1a2.1 2.1 0 0 0 2.4 0L20.5 8"/></svg>`,
	"sms":      open + `<path d="M12 4c5 0 9 3.2 9 7.3s-4 7.2-9 7.2c-.9 0-1.8-.1-2.6-.3L5 20.5l.6-3.6C4 15.5 3 13.5 3 11.3 3 7.2 7 4 12 4Z"/><path d="M8 11.3h.01M12 11.3h.01M16 11.3h.01"/></svg>`,
	"totp":     open + `<rect x="6.5" y="2.5" width="11" height="19" rx="3"/><path d="M10.5 18.5h3"/><path d="m9.8 10.3 1.6 1.6 2.9-3.2"/></svg>`,
	"passkey":  open + `<circle cx="9" cy="8" r="4"/><path d="M2.5 20c.4-3.6 3-6 6.5-6 1.3 0 2.5.3 3.5.9"/><circle cx="17.5" cy="13.5" r="2.5"/><path d="M17.5 16v5.5M17.5 19h1.8"/></svg>`,
	"password": open + `<rect x="4" y="10.5" width="16" height="10.5" rx="3"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3M12 15v2"/></svg>`,
	"recovery": open + `<path d="M3.5 12a8.5 8.5 0 1 0 2.8-6.3"/><path d="M3.8 3.5v4h4M12 8v4.3l2.8 1.7"/></svg>`,
	"user":     open + `<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-3.7 3.6-6 7.5-6s6.9 2.3 7.5 6"/></svg>`,
	"next":     `<svg class="turn" viewBox="0 0 24 24" aria-hidden="true"><path d="m9 5 7 7-7 7"/></svg>`,
	"globe":    open + `<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c2.5 2.5 3.8 5.5 3.8 9s-1.3 6.5-3.8 9c-2.5-2.5-3.8-5.5-3.8-9S9.5 5.5 12 3Z"/></svg>`,
	"error":    open + `<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.2M12 16.3h.01"/></svg>`,
	"wrong":    open + `<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.2M12 16.3h.01"/></svg>`,
	"success":  open + `<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.7 2.7L16 9.5"/></svg>`,
	"warning":  open + `<path d="M10.3 4.5 2.8 17.4A2 2 0 0 0 4.5 20.4h15a2 2 0 0 0 1.7-3L13.7 4.5a2 2 0 0 0-3.4 0Z"/><path d="M12 9.5v4.200M12 16.8h.01"/></svg>`,
	"info":     open + `<circle cx="12" cy="12" r="9"/><path d="M12 11.3v5.2M12 7.7h.01"/></svg>`,
	"provider": open + `<g class="line"><path d="M4 21V5.5A2.5 2.5 0 0 1 6.5 3h6A2.5 2.5 0 0 1 15 5.5V21M15 10h2.5A2.5 2.5 0 0 1 20 12.5V21M2.5 21h19M8 7.5h3M8 11.5h3M8 15.5h3"/></g></svg>`,

	"Google": open + `<g fill="none" stroke-width="3.7" stroke-linecap="butt"><path stroke="#ea4335" d="M5 7.96A8.1 8.1 0 0 1 17.73 6.27"/>` +
		`<path stroke="#fbbc05" d="M5 16.04A8.1 8.1 0 0 1 5 7.96"/><path stroke="#34a853" d="M17.21 18.2A8.1 8.1 0 0 1 5 16.04"/>` +
		`<path stroke="#4285f4" d="M12 12h8.1A8.1 8.1 0 0 1 17.21 18.2"/></g></svg>`,
	"Facebook": open + `<circle cx="12" cy="12" r="10.5" fill="#0866ff"/><path fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="butt" stroke-linejoin="miter" d="M16 6.6h-1.4c-1.8 0-2.6 1-2.6 2.7V22.5M8.5 12.6h7"/></svg>`,
	"SignInWithApple": open + `<g fill="currentColor"><path d="M15.9 2c.1 1.3-.4 2.5-1.2 3.4-.8.9-1.9 1.5-3.1 1.4-.1-1.2.5-2.4 1.2-3.2C13.6 2.7 14.9 2.1 15.9 2Z"/>` +
		`<path d="M19.7 17c-.5 1.2-.8 1.7-1.5 2.7-1 1.4-2.3 2.3-3.5 2.3-1 0-1.5-.7-2.9-.7s-1.9.7-2.9.7c-1.3 0-2.4-1-3.3-2.4C3.3 16.3 3 12 4.7 9.7c1-1.5 2.5-2.3 3.9-2.3s2.3.8 3.5.8c1.1 0 2-.8 3.6-.8 1.3 0 2.7.7 3.6 1.9-3.2 1.8-2.7 6.3.4 7.7Z"/></g></svg>`,
	"LoginWithAmazon": open + `<g fill="none"><path class="line" stroke-width="2.6" stroke-linecap="butt" d="M8 6.8c.6-1.7 2-2.6 4-2.6 2.6 0 3.9 1.3 3.9 3.6v4.8c0 .9.3 1.6 1 2.4M15.7 9.4c-5.3-.1-8.2 1.1-8.2 3.9 0 1.7 1.2 2.8 3 2.8 2.7 0 5-1.9 5.2-4.7"/>` +
		`<path stroke="#f90" stroke-width="1.9" stroke-linecap="round" d="M3 18c5.2 3.7 12.2 3.8 17 .8M18.2 17.8c1.1-.2 2.2-.2 2.9.2-.1 1-.5 1.9-1.2 2.6"/></g></svg>`,
}

// icon returns the picture of a name; nothing for a name that has none.
func icon(name string) template.HTML { return icons[name] }
