package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/yaml"
)

// newWebhookPlugin returns the admission plugin of a real API server. It calls the webhook of the
// ValidatingWebhookConfiguration in a file, as soon as the file exists. This server does not serve
// admissionregistration.k8s.io, so a fake client holds the configuration.
func newWebhookPlugin(ctx context.Context, file string, auth webhookutil.AuthenticationInfoResolverWrapper) (*validating.Plugin, error) {
	plugin, err := validating.NewValidatingAdmissionWebhook(nil)
	if err != nil {
		return nil, err
	}
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	plugin.SetExternalKubeClientSet(client)
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetServiceResolver(webhookutil.NewDefaultServiceResolver())
	plugin.SetAuthenticationInfoResolverWrapper(auth)
	plugin.SetDrainedNotification(ctx.Done())
	if err := plugin.ValidateInitialization(); err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	go followWebhooks(ctx, file, client)
	return plugin, nil
}

// followWebhooks makes the configuration that of the file, which must be replaced atomically.
func followWebhooks(ctx context.Context, file string, client kubernetes.Interface) {
	last := ""
	for {
		text, err := os.ReadFile(file)
		if err == nil && string(text) != last {
			err = applyWebhooks(ctx, text, client)
			last = string(text)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func applyWebhooks(ctx context.Context, text []byte, client kubernetes.Interface) error {
	var configuration admissionregistrationv1.ValidatingWebhookConfiguration
	if err := yaml.UnmarshalStrict(text, &configuration); err != nil {
		return err
	}
	for i := range configuration.Webhooks {
		withDefaults(&configuration.Webhooks[i])
	}
	configurations := client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	_, err := configurations.Create(ctx, &configuration, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = configurations.Update(ctx, &configuration, metav1.UpdateOptions{})
	}
	return err
}

// withDefaults sets what kube-apiserver's defaulting sets; that code is not in a module that can be imported.
func withDefaults(webhook *admissionregistrationv1.ValidatingWebhook) {
	if webhook.NamespaceSelector == nil {
		webhook.NamespaceSelector = &metav1.LabelSelector{}
	}
	if webhook.ObjectSelector == nil {
		webhook.ObjectSelector = &metav1.LabelSelector{}
	}
	if webhook.FailurePolicy == nil {
		policy := admissionregistrationv1.Fail
		webhook.FailurePolicy = &policy
	}
	if webhook.MatchPolicy == nil {
		policy := admissionregistrationv1.Equivalent
		webhook.MatchPolicy = &policy
	}
	if webhook.TimeoutSeconds == nil {
		seconds := int32(10)
		webhook.TimeoutSeconds = &seconds
	}
	for i := range webhook.Rules {
		if webhook.Rules[i].Scope == nil {
			scope := admissionregistrationv1.AllScopes
			webhook.Rules[i].Scope = &scope
		}
	}
}

// writePair writes a certificate that a webhook on 127.0.0.1 can use.
func writePair(path string) error {
	certificate, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, nil)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".crt", certificate, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path+".key", key, 0o600)
}
