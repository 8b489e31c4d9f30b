// Command secrets judges Secrets by istiod's own code: which certificate, key and CA it finds in one, and what
// `istioctl analyze` reports of the certificate (IST0161).
//
//	go run ./secrets -judge ../../tests/golden/secrets.ndjson  # asks again, exits with 1 on another answer
//	go run ./secrets -seed 1 -n 5000 > secrets.ndjson          # random Secrets with istiod's answers
//	go run ./secrets -crls -seed 1 -n 500 > crls.ndjson        # random CAs with CRLs, and clients below them
//	go run ./secrets -namespaces > ../../tests/golden/secret_namespaces.ndjson # which namespaces a gateway may read
//
// Certificates that have expired are not drawn: an answer must not depend on the time.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"

	"istio-gateway/conformance/webhook/cases"

	"istio.io/istio/pilot/pkg/credentials/kube"
	"istio.io/istio/pilot/pkg/xds"
)

// Case is a Secret's data, and istiod's errors: empty if there is none.
type Case struct {
	ID   string            `json:"id"`
	Data map[string][]byte `json:"data"`
	// Server is the error of ExtractCertInfo.
	Server string `json:"server"`
	// Certificate is whether ValidateCertificate accepts the certificate that it found.
	Certificate bool `json:"certificate"`
	// CA is the error of ExtractRoot.
	CA string `json:"ca"`
}

func (c *Case) judge() {
	secret := &corev1.Secret{Data: c.Data}
	info, err := kube.ExtractCertInfo(secret)
	c.Server, c.Certificate = text(err), false
	if err == nil {
		c.Certificate = xds.ValidateCertificate(info.Cert) == nil
	}
	_, err = kube.ExtractRoot(secret.Data)
	c.CA = text(err)
}

// judge asks which CA and which CRL istiod passes on.
func (c *CRLCase) judge() {
	info, err := kube.ExtractRoot(c.Data)
	if c.Error = text(err); err == nil {
		c.CA, c.CRL = info.Cert, info.CRL
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// values are those from which a Secret is drawn.
func values() ([][]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, isCA := range []bool{false, true} {
		template := &x509.Certificate{
			SerialNumber:          big.NewInt(1),
			DNSNames:              []string{"shop.example.com"},
			NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
			NotAfter:              time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
			IsCA:                  isCA,
			BasicConstraintsValid: isCA,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			return nil, err
		}
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		out = append(out, certificate, certificate[:len(certificate)-30], der)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return append(out, private, nil, []byte{}, []byte("nope"), []byte(" \n")), nil
}

var keys = []any{
	"cert", "key", "cacert", "crl", "tls.crt", "tls.key", "ca.crt", "ca.crl", "tls.ocsp-staple",
	"tls.cert", "cert.pem", "key.pem", "CERT", "a", "z", "username",
}

func random(seed uint64, count int) error {
	r := cases.NewSource(seed)
	all, err := values()
	if err != nil {
		return err
	}
	return cases.Write(func(write func(any) error) error {
		for i := range count {
			c := Case{ID: fmt.Sprintf("random/%d/%d", seed, i), Data: map[string][]byte{}}
			set := func(key string) { c.Data[key] = all[r.IntN(len(all))] }
			switch {
			case r.Chance(30):
				set("tls.crt")
				set("tls.key")
			case r.Chance(30):
				set("cert")
				set("key")
			}
			for range 1 + r.IntN(4) {
				set(r.Pick(keys...).(string))
			}
			c.judge()
			if err := write(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func main() {
	ofNamespaces := flag.Bool("namespaces", false, "which credentials istiod gives to pods of a namespace")
	file := flag.String("judge", "", "judge the Secrets of this file again")
	ofCRLs := flag.Bool("crls", false, "random CAs with CRLs instead of random Secrets")
	seed := flag.Uint64("seed", 1, "for random cases")
	count := flag.Int("n", 1000, "how many random cases")
	flag.Parse()
	err := error(nil)
	if *ofNamespaces {
		err = namespaces()
	} else if *file != "" {
		err = cases.Again(*file, func(line []byte) (string, error) {
			var c Case
			if err := json.Unmarshal(line, &c); err != nil {
				return "", err
			}
			answer := c
			answer.judge()
			return cases.Difference(c.ID, answer, c), nil
		})
	} else if *ofCRLs {
		err = crls(*seed, *count)
	} else {
		err = random(*seed, *count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
