package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"cognate/internal/base/awscall"
)

// phoneNumber is E.164, as both SMS services take it.
var phoneNumber = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

var errPhoneNumber = errors.New("not an E.164 phone number")

// SNSOptions configures NewSNS.
type SNSOptions struct {
	Endpoint          string // "" is AWS
	Region            string // of pools whose SmsConfiguration names none
	Credentials       awscall.Credentials
	SenderID          string // shown instead of a number where countries allow it; may be ""
	OriginationNumber string // sending number; may be ""
}

// SNS sends SMS through Amazon SNS; it is a Sender.
type SNS struct {
	caller     *awscall.Caller
	attributes [][2]string
}

// NewSNS checks the options; nothing is contacted.
func NewSNS(o SNSOptions) (*SNS, error) {
	caller, err := awscall.New(awscall.Options{
		Endpoint: o.Endpoint, Host: "sns", SigningName: "sns", Region: o.Region, Credentials: o.Credentials,
	})
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	s := &SNS{caller: caller, attributes: [][2]string{{"AWS.SNS.SMS.SMSType", "Transactional"}}}
	if o.SenderID != "" {
		s.attributes = append(s.attributes, [2]string{"AWS.SNS.SMS.SenderID", o.SenderID})
	}
	if o.OriginationNumber != "" {
		s.attributes = append(s.attributes, [2]string{"AWS.MM.SMS.OriginationNumber", o.OriginationNumber})
	}
	return s, nil
}

// Send implements Sender by Publish. The region is that of the pool's
// SmsConfiguration. Numbers that SNS does not take are permanent failures.
func (s *SNS) Send(ctx context.Context, d Delivery) error {
	if !phoneNumber.MatchString(d.To) {
		return fmt.Errorf("%w: sns: %w", ErrPermanent, errPhoneNumber)
	}
	form := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {d.To}, "Message": {d.Text}}
	for i, a := range s.attributes {
		entry := "MessageAttributes.entry." + strconv.Itoa(i+1)
		form.Set(entry+".Name", a[0])
		form.Set(entry+".Value.DataType", "String")
		form.Set(entry+".Value.StringValue", a[1])
	}
	_, err := s.caller.Post(ctx, awscall.Call{
		Region: d.Region, Path: "/", Body: []byte(form.Encode()),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
	})
	return refusedBy(err, "InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "OptedOut")
}

// EndUserMessagingOptions configures NewEndUserMessaging.
type EndUserMessagingOptions struct {
	Endpoint         string // "" is AWS
	Region           string // of pools whose SmsConfiguration names none
	Credentials      awscall.Credentials
	Origination      string // phone number, sender id, pool or the ARN of one; may be ""
	ConfigurationSet string // may be ""
}

// EndUserMessaging sends SMS through AWS End User Messaging; it is a Sender.
type EndUserMessaging struct {
	caller *awscall.Caller
	o      EndUserMessagingOptions
}

// NewEndUserMessaging checks the options; nothing is contacted.
func NewEndUserMessaging(o EndUserMessagingOptions) (*EndUserMessaging, error) {
	caller, err := awscall.New(awscall.Options{
		Endpoint: o.Endpoint, Host: "sms-voice", SigningName: "sms-voice", Region: o.Region, Credentials: o.Credentials,
	})
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	return &EndUserMessaging{caller: caller, o: o}, nil
}

// Send implements Sender by SendTextMessage. People who opted out and requests
// that the service finds malformed are permanent failures.
func (s *EndUserMessaging) Send(ctx context.Context, d Delivery) error {
	if !phoneNumber.MatchString(d.To) {
		return fmt.Errorf("%w: sms-voice: %w", ErrPermanent, errPhoneNumber)
	}
	body, err := json.Marshal(struct {
		DestinationPhoneNumber string
		OriginationIdentity    string `json:",omitempty"`
		MessageBody            string
		MessageType            string
		ConfigurationSetName   string `json:",omitempty"`
		TimeToLive             int64  // seconds
	}{d.To, s.o.Origination, d.Text, "TRANSACTIONAL", s.o.ConfigurationSet, int64(min(d.Kind.life().Seconds(), maxTimeToLive))})
	if err != nil {
		return fmt.Errorf("%w: sms-voice: %w", ErrPermanent, err)
	}
	_, err = s.caller.Post(ctx, awscall.Call{
		Region: d.Region, Path: "/", Body: body,
		Header: map[string]string{"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage"},
	})
	return refusedBy(err, "ValidationException", "ConflictException")
}

// maxTimeToLive is the longest time in seconds that the service keeps trying.
const maxTimeToLive = 259200

// refusedBy marks failures of a service as permanent when their code is one of
// those that say that the message itself is bad.
func refusedBy(err error, permanent ...string) error {
	var f *awscall.Failure
	if errors.As(err, &f) && slices.Contains(permanent, f.Code) {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return err
}
