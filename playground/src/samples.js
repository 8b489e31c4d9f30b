// What the list of examples offers.

import gateway from "../../examples/gateway.yaml";
import admin from "../../examples/reachability/admin.yaml";
import routes from "../../examples/reachability/routes.yaml";
import shop from "../../examples/reachability/shop.yaml";
import changed from "../../conformance/browser/manifests/changed.yaml";
import servers from "../../conformance/browser/manifests/servers.yaml";
import mistakes from "./mistakes.yaml";

const joined = (...texts) => texts.join("---\n");

export const samples = [
  { name: "Mistakes, some of them repairable", text: mistakes },
  { name: "A Gateway that verifies no certificate", text: gateway },
  { name: "A client check that another host bypasses", text: joined(admin, shop, routes), view: "explain" },
  { name: "A change of seven servers", text: changed, before: servers, view: "diff" },
];
