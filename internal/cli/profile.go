package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cognate/internal/base/awscall"
)

// profile is what a profile of ~/.aws says.
type profile struct {
	region, endpoint string
	key              awscall.Credentials
}

// section are the settings below one [header] of a file of ~/.aws.
type section map[string]string

// readProfile reads a profile from the two files of AWS's tools; "" is the
// default profile, which need not be there. Keys stand as they are: profiles
// that fetch them (sso_*, role_arn, credential_process) need the AWS CLI's
// "aws configure export-credentials".
func readProfile(name string) (profile, error) {
	wanted := name != ""
	if !wanted {
		name = "default"
	}
	config, err := awsFile("AWS_CONFIG_FILE", "config")
	if err != nil {
		return profile{}, err
	}
	keys, err := awsFile("AWS_SHARED_CREDENTIALS_FILE", "credentials")
	if err != nil {
		return profile{}, err
	}
	settings, known := config["profile "+name]
	if name == "default" && !known {
		settings, known = config[name]
	}
	secret, has := keys[name]
	if wanted && !known && !has {
		return profile{}, withHint(fmt.Errorf("there is no profile %q", name), `"aws configure --profile %s" makes it`, name)
	}
	if secret["aws_access_key_id"] == "" {
		secret = settings
	}
	p := profile{
		region:   settings["region"],
		endpoint: first(config["services "+settings["services"]]["cognito_identity_provider.endpoint_url"], settings["endpoint_url"]),
		key: awscall.Credentials{
			AccessKeyID: secret["aws_access_key_id"], Secret: secret["aws_secret_access_key"], SessionToken: secret["aws_session_token"],
		},
	}
	if wanted && p.key.AccessKeyID == "" {
		return p, withHint(fmt.Errorf("profile %q has no access key", name), `run: eval "$(aws configure export-credentials --profile %s --format env)"`, name)
	}
	return p, nil
}

// awsFile reads one of the files; a missing one is empty.
func awsFile(variable, name string) (map[string]section, error) {
	file := os.Getenv(variable)
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, nil // no home, no profiles
		}
		file = filepath.Join(home, ".aws", name)
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseINI(bufio.NewScanner(f)), nil
}

// parseINI reads headers and settings; indented settings belong to the one
// before them and are named parent.child.
func parseINI(lines *bufio.Scanner) map[string]section {
	sections := map[string]section{}
	var current section
	parent := ""
	for lines.Scan() {
		line := lines.Text()
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		if text[0] == '[' {
			name := strings.Join(strings.Fields(strings.Trim(text, "[]")), " ")
			if sections[name] == nil {
				sections[name] = section{}
			}
			current, parent = sections[name], ""
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		if !ok || current == nil {
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if line[0] == ' ' || line[0] == '\t' {
			name = parent + "." + name
		} else {
			parent = name
		}
		current[name] = value
	}
	return sections
}
