package signin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/pool"
)

// Some clients, pycognito among them, answer DEVICE_SRP_AUTH without the Session that it came with: Cognito finds the
// sign-in by the device that was named. So the session also waits here, for as long as it is good, for an answer that
// names the same user and device key from the same network through the same client. Whoever takes it takes it for good,
// and still has to prove the device. What comes after needs no Session: the SECRET_BLOCK is one.

// asksDevice reports whether a session waits for a device that begins its proof.
func asksDevice(st *challenge.State) bool {
	return st != nil && cognitoidp.ChallengeNameType(st.Step) == cognitoidp.ChallengeNameTypeDeviceSrpAuth
}

// park lets the session of DEVICE_SRP_AUTH wait, after what else the challenge writes.
func park(s *signIn, st *challenge.State, session string, keep func(*db.Tx) error) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		if keep != nil {
			if err := keep(tx); err != nil {
				return err
			}
		}
		return insertWait(tx, wait{
			poolID: st.Pool, account: st.Sub, sessionID: st.ID, session: session, expires: st.ExpiresAt,
			key: waitKey(st.Client, s.device.Key, obs.From(tx.Context()).ClientIP),
		})
	}
}

// waiting takes the session that waits for the device that an answer without Session names. There being none is the
// refusal that AWS has for the missing Session, whoever was named.
func (e *Engine) waiting(ctx context.Context, r *Request) (session string, err error) {
	missing := pool.MissingParameter("Session")
	if r.require("USERNAME", "DEVICE_KEY", "SRP_A") != nil || len(r.Params["DEVICE_KEY"]) > maxDeviceKey {
		return "", missing
	}
	name, err := r.named()
	if err != nil {
		return "", err
	}
	a, err := e.find(ctx, r, name)
	if err != nil {
		return "", err
	}
	key := waitKey(r.Client.ID, r.Params["DEVICE_KEY"], obs.From(ctx).ClientIP)
	err = e.DB.Update(ctx, func(tx *db.Tx) error {
		session, err = takeWait(tx, r.Pool.ID, a.sub, key, e.now().UnixMilli())
		return err
	})
	if err == nil && session == "" {
		obs.Cause(ctx, "no sign-in waits for the device")
		err = missing
	}
	return session, err
}

// waitKey stands for who may take a waiting session: the client, the device, and the network that the sign-in came from,
// so that a stolen device alone does not wait for its owner's password.
func waitKey(clientID, deviceKey string, from netip.Addr) string {
	bits := 32
	if from = from.Unmap(); from.Is6() {
		bits = 64
	}
	network, _ := from.Prefix(bits) // of an invalid address an invalid one, which is a value as well
	h := sha256.New()
	for _, part := range []string{clientID, deviceKey, network.String()} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}
