package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"istio-gateway/conformance/webhook/cases"
)

// CRLCase is the data of a Secret with a CA and, most often, a CRL, istiod's error about it, and what Envoy gets of it
// from istiod.
type CRLCase struct {
	ID      string            `json:"id"`
	Data    map[string][]byte `json:"data"`
	Error   string            `json:"error"`
	CA      []byte            `json:"ca"`
	CRL     []byte            `json:"crl"`
	Clients []Client          `json:"clients"`
}

// Client is a certificate with its chain and its key, and the common names of the CAs above it up to the last one that
// the Secret has.
type Client struct {
	Chain []byte   `json:"chain"`
	Key   []byte   `json:"key"`
	Path  []string `json:"path"`
}

type authority struct {
	name   string
	key    *ecdsa.PrivateKey
	issuer *authority
	// The certificate, and the one whose key usage lacks cRLSign.
	certificates [2]*x509.Certificate
	client       []byte
	clientKey    []byte
}

func year(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }

func inPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func newAuthority(name string, issuer *authority) (*authority, error) {
	a := &authority{name: name, issuer: issuer}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	for i, usage := range []x509.KeyUsage{x509.KeyUsageCertSign | x509.KeyUsageCRLSign, x509.KeyUsageCertSign} {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name},
			NotBefore: year(2020), NotAfter: year(2120), IsCA: true, BasicConstraintsValid: true, KeyUsage: usage,
			SubjectKeyId: []byte(name),
		}
		parent, signer := template, a.key
		if issuer != nil {
			parent, signer = issuer.certificates[0], issuer.key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, a.key.Public(), signer)
		if err != nil {
			return nil, err
		}
		if a.certificates[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(100), Subject: pkix.Name{CommonName: "client of " + name},
		NotBefore: year(2020), NotAfter: year(2120),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificates[0], key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	a.client = inPEM("CERTIFICATE", der)
	for of := a; of.issuer != nil; of = of.issuer {
		a.client = append(a.client, inPEM("CERTIFICATE", of.certificates[0].Raw)...)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	a.clientKey = inPEM("PRIVATE KEY", encoded)
	return a, err
}

// crl is a list of a CA, with something odd in some.
func (a *authority) crl(r cases.Source) ([]byte, error) {
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: year(2020), NextUpdate: year(2100)}
	signer := *a.certificates[0]
	switch r.IntN(10) {
	case 0, 1:
		template.NextUpdate = year(2021)
	case 2:
		template.ThisUpdate, template.NextUpdate = year(2090), year(2100)
	case 3:
		// Another key identifier.
		signer.SubjectKeyId = []byte("other")
	case 4:
		// An indirect list, and a critical extension that nobody knows.
		distribution := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x84, 1, 0xff}}
		unknown := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}
		template.ExtraExtensions = []pkix.Extension{[]pkix.Extension{distribution, unknown}[r.IntN(2)]}
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, &signer, a.key)
	if err != nil {
		return nil, err
	}
	if r.Chance(5) {
		der = append(der, 0)
	}
	text := inPEM("X509 CRL", der)
	if r.Chance(5) {
		switch r.IntN(4) {
		case 0:
			text = text[:len(text)-40]
		case 1:
			text = inPEM("X509 CRL", der[:len(der)-1])
		case 2:
			text = der
		default:
			text = bytes.ReplaceAll(text, []byte("X509 CRL"), []byte("CRL"))
		}
	}
	return text, nil
}

func crls(seed uint64, count int) error {
	root, err := newAuthority("root", nil)
	if err != nil {
		return err
	}
	other, err := newAuthority("other root", nil)
	if err != nil {
		return err
	}
	middle, err := newAuthority("intermediate", root)
	if err != nil {
		return err
	}
	lower, err := newAuthority("lower intermediate", middle)
	if err != nil {
		return err
	}
	all := []*authority{root, other, middle, lower}
	r := cases.NewSource(seed)
	one := func(id string) (*CRLCase, error) {
		c := &CRLCase{ID: id, Data: map[string][]byte{}}
		var bundle, lists []byte
		has := map[*authority]bool{}
		for _, a := range all {
			isLast := a == lower && len(bundle) == 0
			if a == root && !r.Chance(80) || a != root && !r.Chance(40) && !isLast {
				continue
			}
			has[a] = true
			index := 0
			if r.Chance(10) {
				index = 1
			}
			bundle = append(bundle, inPEM("CERTIFICATE", a.certificates[index].Raw)...)
		}
		for _, a := range all {
			for n := []int{0, 1, 1, 1, 1, 2}[r.IntN(6)]; n > 0; n-- {
				list, err := a.crl(r)
				if err != nil {
					return nil, err
				}
				if r.Chance(15) {
					bundle = append(bundle, list...)
				} else {
					lists = append(lists, list...)
				}
			}
		}
		keys := []string{"ca.crt", "ca.crl"}
		if r.Chance(30) {
			keys = []string{"cacert", "crl"}
		}
		c.Data[keys[0]] = bundle
		if r.Chance(5) {
			// istiod reads the other one.
			keys[1] = "ca.crl"
		}
		switch r.IntN(12) {
		case 0:
		case 1:
			c.Data[keys[1]] = []byte{}
		case 2:
			c.Data[keys[1]] = []byte("nope")
		default:
			c.Data[keys[1]] = lists
		}
		c.judge()
		for _, a := range all {
			client := Client{Chain: a.client, Key: a.clientKey}
			for of := a; of != nil; of = of.issuer {
				if has[of] {
					client.Path = append(client.Path, of.name)
				}
			}
			// Only the CAs in the Secret are known to check.
			if has[a] {
				c.Clients = append(c.Clients, client)
			}
		}
		return c, nil
	}
	return cases.Write(func(write func(any) error) error {
		for i := range count {
			c, err := one(fmt.Sprintf("crl/%d/%d", seed, i))
			if err != nil {
				return err
			}
			if err := write(c); err != nil {
				return err
			}
		}
		return nil
	})
}
