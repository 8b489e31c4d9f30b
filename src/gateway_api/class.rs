//! The controller of a Gateway.

use super::{Context, findings::Findings, resources::Resources, rule};
use crate::{FieldPath, diagnostic::Quoted};

/// The class that istiod treats as its own, whatever its GatewayClass is.
const ISTIO_CLASS: &str = "istio";
/// Other classes of Istio, and whether istiod reports that they do not support `ListenerSet`s. Of a
/// waypoint it does so if ambient mode is enabled.
const OTHER_CLASSES: [(&str, bool); 5] = [
    ("istio-waypoint", true),
    ("istio-east-west", false),
    ("istio-remote", true),
    ("istio-agentgateway", false),
    ("istio-agentgateway-waypoint", false),
];
/// The controller whose Gateways istiod translates.
const CONTROLLER: &str = "istio.io/gateway-controller";
/// The controller of Gateways of other clusters, which a default istiod knows.
const UNMANAGED: &str = "istio.io/unmanaged-gateway";
/// Other controllers of Istio. An istiod knows those of waypoints, east-west gateways and agentgateway
/// only if they are enabled.
const OTHER_CONTROLLERS: [(&str, bool); 5] = [
    (UNMANAGED, true),
    ("istio.io/mesh-controller", true),
    ("istio.io/eastwest-controller", false),
    ("istio.io/agentgateway-controller", false),
    ("istio.io/agentgateway-waypoint-controller", false),
];

/// What istiod does with the Gateways of a class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Translated,
    /// It only reports that the class does not support `ListenerSet`s.
    WithoutListenerSets,
    Ignored,
}

/// The class that a table has.
fn listed(table: &[(&str, bool)], name: &str) -> Option<Class> {
    let (_, reports) = table.iter().find(|(other, _)| *other == name)?;
    Some(if *reports { Class::WithoutListenerSets } else { Class::Ignored })
}

impl<R: Resources + ?Sized> Context<'_, R> {
    /// What istiod does with the Gateway, by its class.
    ///
    /// Source: pilot's `FetchGatewayClass`, `GatewayClassesCollection` and `ClassInfos`.
    pub(super) fn class(&self, at: &FieldPath, found: &mut Findings) -> Class {
        let name = self.gateway.spec.gateway_class_name.as_str();
        let class = Quoted(name);
        if self.assumed.may_be("GatewayClass", "", name) {
            return if self.assumed.are_usable() { Class::Translated } else { Class::Ignored };
        }
        let Some(object) = self.resources.gateway_class(name) else {
            if let Some(listed) = listed(&OTHER_CLASSES, name) {
                let message = format!("not translated: the class {class} is not for gateways");
                found.warning(rule::CLASS, at.clone(), message, None);
                return listed;
            }
            if name != ISTIO_CLASS {
                let message = format!(
                    "the GatewayClass {class} is missing: its controllerName is assumed to be \
                     {CONTROLLER}"
                );
                let help = "add the GatewayClass to the set".to_owned();
                found.note(rule::CLASS, at.clone(), message, help);
            }
            return Class::Translated;
        };
        let controller = object.spec.controller_name.as_str();
        let quoted = Quoted(controller);
        if controller == CONTROLLER {
            return Class::Translated;
        }
        if name == ISTIO_CLASS && controller != UNMANAGED {
            let message = format!(
                "the controllerName of the GatewayClass {class} is {quoted}, and istiod treats the \
                 class as its own anyway"
            );
            let help = "rename the class of the other controller".to_owned();
            found.warning(rule::CLASS, at.clone(), message, help);
            return Class::Translated;
        }
        // A class of Istio keeps its own controller if that of the object is not one of Istio's.
        let own = listed(&OTHER_CLASSES, name).unwrap_or(Class::Ignored);
        if let Some(listed) = listed(&OTHER_CONTROLLERS, controller) {
            let message = format!("not translated: the controller {quoted} is not for gateways");
            found.warning(rule::CLASS, at.clone(), message, None);
            return if listed == Class::Ignored { own } else { listed };
        }
        let message = format!("not translated: the Gateway is managed by the controller {quoted}");
        found.warning(rule::CLASS, at.clone(), message, None);
        own
    }
}
