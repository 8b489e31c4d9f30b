//! The controller of a Gateway.

use super::{Context, findings::Findings, resources::Resources, rule};
use crate::{FieldPath, diagnostic::Quoted};

/// The class that istiod treats as its own, whatever its GatewayClass is.
const ISTIO_CLASS: &str = "istio";
/// Other classes of Istio.
const OTHER_CLASSES: [&str; 5] = [
    "istio-waypoint",
    "istio-east-west",
    "istio-remote",
    "istio-agentgateway",
    "istio-agentgateway-waypoint",
];
/// The controller whose Gateways istiod translates.
const CONTROLLER: &str = "istio.io/gateway-controller";
/// The controller of Gateways of other clusters, which a default istiod knows.
const UNMANAGED: &str = "istio.io/unmanaged-gateway";
/// Other controllers of Istio. An istiod knows those of waypoints, east-west gateways and agentgateway
/// only if they are enabled.
const OTHER_CONTROLLERS: [&str; 5] = [
    UNMANAGED,
    "istio.io/mesh-controller",
    "istio.io/eastwest-controller",
    "istio.io/agentgateway-controller",
    "istio.io/agentgateway-waypoint-controller",
];

impl<R: Resources + ?Sized> Context<'_, R> {
    /// Whether istiod translates the Gateway, by its class.
    ///
    /// Source: pilot's `FetchGatewayClass`, `GatewayClassesCollection` and `ClassInfos`.
    pub(super) fn is_translated(&self, at: &FieldPath, found: &mut Findings) -> bool {
        let name = self.gateway.spec.gateway_class_name.as_str();
        let class = Quoted(name);
        if self.assumed.may_be("GatewayClass", "", name) {
            return self.assumed.are_usable();
        }
        let Some(object) = self.resources.gateway_class(name) else {
            if OTHER_CLASSES.contains(&name) {
                let message = format!("not translated: the class {class} is not for gateways");
                found.warning(rule::CLASS, at.clone(), message, None);
                return false;
            }
            if name != ISTIO_CLASS {
                let message = format!(
                    "the GatewayClass {class} is missing: its controllerName is assumed to be \
                     {CONTROLLER}"
                );
                let help = "add the GatewayClass to the set".to_owned();
                found.note(rule::CLASS, at.clone(), message, help);
            }
            return true;
        };
        let controller = object.spec.controller_name.as_str();
        let quoted = Quoted(controller);
        if controller == CONTROLLER {
            return true;
        }
        if name == ISTIO_CLASS && controller != UNMANAGED {
            let message = format!(
                "the controllerName of the GatewayClass {class} is {quoted}, and istiod treats the \
                 class as its own anyway"
            );
            let help = "rename the class of the other controller".to_owned();
            found.warning(rule::CLASS, at.clone(), message, help);
            return true;
        }
        if OTHER_CONTROLLERS.contains(&controller) {
            let message = format!("not translated: the controller {quoted} is not for gateways");
            found.warning(rule::CLASS, at.clone(), message, None);
            return false;
        }
        let message = format!("not translated: the Gateway is managed by the controller {quoted}");
        found.warning(rule::CLASS, at.clone(), message, None);
        false
    }
}
