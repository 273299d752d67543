package srp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// The published vectors of the protocol: fixed exponents, salts and blocks, with the values every step must yield.
const (
	vecA = "c02a160ecd7f774f857baa05bd1b2ad7aebfaa860706eab803d36b0a02519016df15f42bf0bba4ebb0cf36bb07f07777" +
		"120e6cbb168a37bb685b5cb5bf13ed99bed6b6c2fdacd62a1fb99ba64da85256970fbbc9f12c68081ca066770fe7d2a6" +
		"475855dbb19243d35fa6e63616e8f32c21d5d830c3acb99ef28b416f20e1acdf8e40d4242b7cfeb5864a5123e5fbacb2" +
		"ce223f08e586910a9e81de64100acf751f366b14d5ce00bc22ca5c79db8dd8d2e0d9f68f19304f1f748cec8cbeb51865" +
		"96ed35f2088b33152191016395308af48c9fb016e0edf8526989a3a50e9b1c95830ee17bae1ff9834c3915b87ba4cd85" +
		"00635528440ae81099dd2ee4141751d0dba5e7cf0163a68241312fb1a239b8553404781a623208993b7b803bce0f7fa0" +
		"2f2fe992ed654c3efbea01ed7db620ba4b505bd072ab387d0a0f08ed9e5d7fec9bfbc22d7a5129580eca4c2a933f6f7a" +
		"aa18a1e4f3f48c27973296b5bef6af7a4b8291daf65a98ca40ad75b6c52c6a0030d423a19a1870467123d843146b2d63"
	vecB = "99569fa6ebcab71191fa7f1209c0a3329651dd4849dcb386adf3d7ca34f2159cc3fc247b0456e9349eeaef12770b33c2" +
		"07b579481ecc6f79264d27e8991760aa124f9f78ead6b64ea3e9b66d682c2492577f1a05732d4665ae1b71596254372e" +
		"21727828bc43f2f2f9318cb10102aa789c03e6089db55943a072a278baf404a70a3eb2bffedb720f30aa197812f197e0" +
		"606d00e05a0bba7160d47afc6b5d1735abfb1d30b21794c0fbc6bee46d6a4e230932c629a073e3f4c40876cfd55d413c" +
		"1751c7bd3c58c6ea93729ec02c9918b23c25f283e6ed1acbe8f47d954e30a9de4d4a7acebb3690f1beca82fd1c9261c7" +
		"61565eebfedba595d9fb2dfa9b4c4188f7b120b67454cc44746e5e8457facf3242210e92993d6a5f499485c17ae9a108" +
		"28d0adc35db0b80274974eae16e639217b9fe689f4565a72599dda6b05d0b76ebfc9826362637e82df642f9b519ddd26" +
		"18d4f35ea0309634ae44c349997f0751d900410d8dcdf2fdbcdf39daed6346bba671de85289699fb50db64654794898d"
	vecTime = "Wed Jan 7 03:04:05 UTC 2026"
)

// vector is one published exchange.
type vector struct {
	prefix, identity, password string
	salt, a, b                 byte // repeated 16, 128 and 128 times
	x, hashV, key, signature   string
}

var vectors = map[string]vector{
	"user": {
		prefix: "AbCdEf123", identity: "2c5d5d5e-1111-4222-8333-444455556666", password: "Password1!",
		salt: 0xc3, a: 0xa1, b: 0xb2,
		x:         "3366dcc3d7bba554d63e67c9086f332e5c8845294827eac0d58666ef6df0c63",
		hashV:     "fe5cabf6ddce57b7065e4c4ab47db2cbc0c07e5e279a57fe6718fa59e1a542f7",
		key:       "17fa306bbf9183919145ce0fd03e72b7",
		signature: "BPvrxaqEP8p4WlJrtFJEIZijhvvgcKG/F5WXgfaew14=",
	},
	"device": {
		prefix: "-v7w9UcY6", identity: "us-east-1_12345678-90ab-cdef-1234-567890abcdef",
		password: base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x11}, 40)),
		salt:     0xd4, a: 0xf6, b: 0xe5,
		x:         "f1b45c70e2b10afb4fc69ea04311c13b3bac16615405725d4f995d4de87abb75",
		hashV:     "84281443f5b79326cf0cad8224e35ff9d4f17855db3f4f4ca3dce375334bc35c",
		key:       "3d196b73ec85a4ff15666bbe2dc3d986",
		signature: "zHqNykwSWGPSU64wJT/B3kRNbxkUs/1BAJLDVzqRjJs=",
	},
}

func TestVectors(t *testing.T) {
	block := bytes.Repeat([]byte{0x5a}, 64)
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			salt := bytes.Repeat([]byte{v.salt}, 16)
			x := privateKey(v.prefix, v.identity, v.password, salt)
			if got := Hex(x[:]); got != v.x {
				t.Errorf("x = %s", got)
			}
			verifier := Verifier(v.prefix, v.identity, v.password, salt)
			if got := hashPadded(verifier); got != v.hashV {
				t.Errorf("H(PAD(v)) = %s", got)
			}
			server, err := newServer(verifier, bytes.Repeat([]byte{v.b}, 128))
			if err != nil {
				t.Fatal(err)
			}
			client := newClient(bytes.Repeat([]byte{v.a}, 128))
			serverKey, err := server.Key(client.A())
			if err != nil {
				t.Fatal(err)
			}
			clientKey, err := client.Key(v.prefix, v.identity, v.password, Hex(salt), server.B())
			if err != nil {
				t.Fatal(err)
			}
			if hex.EncodeToString(serverKey) != v.key || hex.EncodeToString(clientKey) != v.key {
				t.Errorf("K = %x (server), %x (client)", serverKey, clientKey)
			}
			proof := Sign(serverKey, v.prefix, v.identity, block, vecTime)
			if got := base64.StdEncoding.EncodeToString(proof); got != v.signature {
				t.Errorf("signature = %s", got)
			}
		})
	}
}

func TestUserVectorDetails(t *testing.T) {
	if got := params().kBig.Text(16); got != "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6" {
		t.Errorf("k = %s", got)
	}
	v := vectors["user"]
	salt := bytes.Repeat([]byte{v.salt}, 16)
	client := newClient(bytes.Repeat([]byte{v.a}, 128))
	if client.A() != vecA {
		t.Errorf("A = %s", client.A())
	}
	server, err := newServer(Verifier(v.prefix, v.identity, v.password, salt), bytes.Repeat([]byte{v.b}, 128))
	if err != nil {
		t.Fatal(err)
	}
	if server.B() != vecB {
		t.Errorf("B = %s", server.B())
	}
	public, u, err := server.scramble(vecA)
	if err != nil {
		t.Fatal(err)
	}
	if got := hashPadded(public); got != "4f28fcc7e14712fc7eab743cbd192e458799241dda4ac02676feb909b6429e47" {
		t.Errorf("H(PAD(A)) = %s", got)
	}
	if got := hashPadded(server.publicValue()); got != "cb35f1bdbd6de606e750561368efef1356d2a52646b73a3bc89c8d70f8dc6781" {
		t.Errorf("H(PAD(B)) = %s", got)
	}
	if got := Hex(u); got != "1dafd8fac0cea3e0d0347646fa2ef50aca80f0cf65cc2a61e1350d0d77d8b6b6" {
		t.Errorf("u = %s", got)
	}
	var s, a element
	a.setBytes(public)
	a.enter()
	s.exp(server.v, u)
	s.mul(&s, &a)
	s.exp(&s, server.b)
	if got := hashPadded(s.bytes()); got != "ad41ecc373560d58376203bc1997a077b2ab7cbe20c5608321875c7fe80a7200" {
		t.Errorf("H(PAD(S)) = %s", got)
	}
}

func TestDeviceWireForms(t *testing.T) {
	v := vectors["device"]
	salt := bytes.Repeat([]byte{v.salt}, 16)
	padded := append([]byte{0}, salt...) // PAD of an integer whose top bit is set
	if got := base64.StdEncoding.EncodeToString(padded); got != "ANTU1NTU1NTU1NTU1NTU1NQ=" {
		t.Fatalf("salt on the wire: %s", got)
	}
	verifier := Verifier(v.prefix, v.identity, v.password, padded)
	if !bytes.Equal(verifier, Verifier(v.prefix, v.identity, v.password, salt)) {
		t.Fatal("the sign byte of the salt changed the verifier")
	}
	wire := append([]byte{0}, verifier...)
	if got := base64.StdEncoding.EncodeToString(wire); !strings.HasPrefix(got, "AO56H9KUqL7Epztb318SRPDL/EC9mePknlrrMJD7ts6w") {
		t.Fatalf("verifier on the wire: %.60s", got)
	}
	short, err := ResumeServer(verifier, bytes.Repeat([]byte{7}, EphemeralSize))
	if err != nil {
		t.Fatal(err)
	}
	long, err := ResumeServer(wire, bytes.Repeat([]byte{7}, EphemeralSize))
	if err != nil {
		t.Fatal(err)
	}
	if short.B() != long.B() {
		t.Fatal("385-byte verifier is not the 384-byte one")
	}
}

func TestTimestamp(t *testing.T) {
	at := time.Date(2026, 1, 7, 3, 4, 5, 0, time.UTC).In(time.FixedZone("x", 3*3600))
	if got := Timestamp(at); got != vecTime {
		t.Fatalf("got %q", got)
	}
}

// hashPadded returns the hexadecimal SHA-256 of PAD(raw).
func hashPadded(raw []byte) string {
	h := sha256.New()
	writePadded(h, raw)
	return hex.EncodeToString(h.Sum(nil))
}
