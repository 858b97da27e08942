package main

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// writeKeys fills a folder with what the API server proves itself with and what it signs tokens with.
func writeKeys(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("expected a folder")
	}
	chain, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, []string{"localhost"})
	if err != nil {
		return err
	}
	certificates, err := cert.ParseCertsPEM(chain)
	if err != nil {
		return err
	}
	authority, err := cert.EncodeCertificates(certificates[len(certificates)-1])
	if err != nil {
		return err
	}
	tokens, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		return err
	}
	files := map[string][]byte{"server.crt": chain, "server.key": key, "ca.crt": authority, "tokens.key": tokens}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(arguments[0], name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
