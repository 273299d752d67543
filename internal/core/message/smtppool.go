package message

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"cognate/internal/base/background"
)

const (
	// maxIdleSMTP is how many connections wait for the next mail.
	maxIdleSMTP = 8
	// idleSMTP is how long one waits; servers close silent connections.
	idleSMTP = 20 * time.Second
	// mailsPerSMTP is how many mails one connection carries; many servers allow
	// no more than a hundred.
	mailsPerSMTP = 50
)

// smtpPool keeps connections that are greeted, encrypted and authenticated.
type smtpPool struct {
	client  *mail.Client
	timeout time.Duration

	mu   sync.Mutex
	idle []*smtpConn // the last one was used last
}

type smtpConn struct {
	*smtp.Client
	sent  int
	timer *time.Timer // closes it when nobody needs it
}

// send hands a mail over. A kept connection that turns out to be dead before
// the mail is begun is replaced by a new one.
func (p *smtpPool) send(ctx context.Context, msg *mail.Msg) error {
	for {
		conn := p.take()
		fresh := conn == nil
		if fresh {
			c, err := p.client.DialToSMTPClientWithContext(ctx)
			if err != nil {
				return fmt.Errorf("connect: %w", err)
			}
			conn = &smtpConn{Client: c}
		}
		err := p.over(conn, msg)
		if err == nil {
			p.put(conn)
			return nil
		}
		_ = conn.Close() // a refusal ends the connection too: its state is not worth guessing
		var refused *mail.SendError
		if dead := errors.As(err, &refused) && refused.Reason == mail.ErrConnCheck; fresh || !dead || ctx.Err() != nil {
			return err
		}
	}
}

func (p *smtpPool) over(conn *smtpConn, msg *mail.Msg) error {
	if err := conn.UpdateDeadline(p.timeout); err != nil {
		return &mail.SendError{Reason: mail.ErrConnCheck}
	}
	conn.sent++
	return p.client.SendWithSMTPClient(conn.Client, msg)
}

// take returns the connection that was used last, nil when none waits.
func (p *smtpPool) take() *smtpConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		conn := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if conn.timer.Stop() { // otherwise it is being closed
			return conn
		}
	}
	return nil
}

func (p *smtpPool) put(conn *smtpConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if conn.sent >= mailsPerSMTP || len(p.idle) >= maxIdleSMTP {
		background.Go("quit SMTP", func() { p.quit(conn) })
		return
	}
	conn.timer = background.AfterFunc(idleSMTP, "idle SMTP", func() {
		p.mu.Lock()
		for i, c := range p.idle {
			if c == conn {
				p.idle = append(p.idle[:i], p.idle[i+1:]...)
				break
			}
		}
		p.mu.Unlock()
		p.quit(conn)
	})
	p.idle = append(p.idle, conn)
}

// quit says good-bye; what the server answers is of no interest.
func (p *smtpPool) quit(conn *smtpConn) {
	if conn.UpdateDeadline(p.timeout) != nil || conn.Quit() != nil {
		_ = conn.Close()
	}
}

func (p *smtpPool) close() {
	for {
		conn := p.take()
		if conn == nil {
			return
		}
		p.quit(conn)
	}
}
