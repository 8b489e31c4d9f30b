//! The decision about a request.

use istio_gateway_kube::kube::core::{
    DynamicObject,
    admission::{AdmissionRequest, AdmissionResponse, Operation},
};

use crate::command::{Failed, Judge};

/// Accepts or rejects a new object or a change.
///
/// A change that leaves the spec as it is can only be accepted: otherwise nobody could label a Gateway that
/// was created before the webhook, or remove its finalizers.
pub(crate) async fn review(
    judge: &Judge,
    request: &AdmissionRequest<DynamicObject>,
) -> AdmissionResponse {
    let mut response = AdmissionResponse::from(request);
    let (new, old) = match (&request.operation, &request.object, &request.old_object) {
        (Operation::Create, Some(new), _) => (new, None),
        (Operation::Update, Some(new), Some(old)) => (new, Some(old)),
        (operation, ..) => {
            return response.deny(format!("istio-gateway: {operation:?} is not judged"));
        }
    };
    let is_spec_unchanged = old.is_some_and(|old| old.data.get("spec") == new.data.get("spec"));
    match decide(judge, new, old).await {
        Ok(Verdict { rejected, mut warnings }) => {
            if rejected.is_empty() || is_spec_unchanged {
                warnings.extend(rejected);
                response.warnings = Some(warnings).filter(|warnings| !warnings.is_empty());
                return response;
            }
            response.deny(rejected.join("\n"))
        }
        Err(Failed(reason)) => response.deny(format!("istio-gateway: {reason}")),
    }
}

/// The reasons to reject an object, and what is only reported.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) rejected: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

async fn decide(
    judge: &Judge,
    new: &DynamicObject,
    old: Option<&DynamicObject>,
) -> Result<Verdict, Failed> {
    let mut verdict = judge.check(new).await?;
    if let Some(old) = old {
        let weaker = judge.weaker(old, new).await?;
        if judge.allows_weaker { &mut verdict.warnings } else { &mut verdict.rejected }
            .extend(weaker);
    }
    Ok(verdict)
}
