// Makes the calls of ../calls.ts with the generated client, and prints each parsed response as one line
// of JSON. Usage: program URL USER PASSWORD
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	inventory "elb.example/inventory"
)

const (
	elb      = "default-elb"
	emptyElb = "empty-elb"
	free     = "i-0b22a22eec53b9321"
	alsoFree = "i-0c4d1e7f8a9b03562"
	member   = "i-5203422c"
	unknown  = "i-00000000000000000"
)

// show prints a call. answer is a model with a message and must be serializable to JSON.
func show(call string, answer any, response *http.Response, err error) {
	var failure *inventory.GenericOpenAPIError
	if errors.As(err, &failure) {
		if model, ok := failure.Model().(inventory.Failure); ok {
			answer, err = model, nil
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", call, err)
		os.Exit(1)
	}
	var envelope struct {
		Message json.RawMessage `json:"message"`
	}
	written, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(written, &envelope)
	}
	if err != nil {
		panic(err)
	}
	line, _ := json.Marshal(map[string]any{"call": call, "status": response.StatusCode, "message": envelope.Message})
	fmt.Println(string(line))
}

func main() {
	configuration := inventory.NewConfiguration()
	configuration.Servers[0].URL = os.Args[1]
	client := inventory.NewAPIClient(configuration)
	authorized := func(password string) context.Context {
		auth := inventory.BasicAuth{UserName: os.Args[2], Password: password}
		return context.WithValue(context.Background(), inventory.ContextBasicAuth, auth)
	}
	ctx := authorized(os.Args[3])
	elbs, health := client.LoadBalancersAPI, client.HealthAPI
	attach := func() inventory.ApiAttachInstanceRequest { return elbs.AttachInstance(ctx, elb) }
	detach := func() inventory.ApiDetachInstanceRequest { return elbs.DetachInstance(ctx, elb) }
	one := func(id string) inventory.MachineId { return *inventory.NewMachineId(id) }
	many := func(ids ...string) inventory.InstanceIds { return *inventory.NewInstanceIds(ids) }

	list, response, err := elbs.ListMachinesElb(authorized("wrong"), elb).Execute()
	show("lists with a wrong password", list, response, err)
	list, response, err = elbs.ListMachinesElb(ctx, "nope").Execute()
	show("lists an unknown load balancer", list, response, err)
	change, response, err := attach().Execute()
	show("attaches without a body", change, response, err)
	change, response, err = attach().MachineId(one(unknown)).Execute()
	show("attaches an unknown instance", change, response, err)
	change, response, err = attach().MachineId(one(member)).Execute()
	show("attaches a member", change, response, err)
	change, response, err = detach().MachineId(one(free)).Execute()
	show("detaches an instance that is not a member", change, response, err)
	change, response, err = detach().Execute()
	show("detaches without a body and a query", change, response, err)
	ok, response, err := health.Healthcheck(ctx).Execute()
	show("checks the health of the service", ok, response, err)
	status, response, err := health.Status(ctx).Execute()
	show("reads the status", status, response, err)
	page, response, err := elbs.ListElbs(ctx).Limit(2).Execute()
	show("lists two load balancers", page, response, err)
	list, response, err = elbs.ListMachinesElb(ctx, elb).Execute()
	show("lists the members", list, response, err)
	change, response, err = attach().DryRun(true).MachineId(one(free)).Execute()
	show("attaches in a dry run", change, response, err)
	change, response, err = attach().MachineId(one(free)).Execute()
	show("attaches", change, response, err)
	change, response, err = attach().Wait("in-service").Timeout(1).MachineId(one(alsoFree)).Execute()
	show("attaches and waits", change, response, err)
	if change.Message.Health.Condition != "registering" {
		panic("the change has no health")
	}
	entries, response, err := elbs.ListElbHealth(ctx, elb).Execute()
	show("reads the health of the members", entries, response, err)
	change, response, err = detach().InstanceId(member).DryRun(true).Execute()
	show("detaches in a dry run, with the instance in the query", change, response, err)
	// Sends `null` as the body.
	change, response, err = detach().InstanceId(member).Execute()
	show("detaches with the instance in the query", change, response, err)
	// The client has no empty model because instanceId is required, so this also sends `null`.
	change, response, err = detach().InstanceId(free).Execute()
	show("detaches with the instance in the query and an empty body", change, response, err)
	change, response, err = detach().Wait("drained").Timeout(1).MachineId(one("i-6d304aae")).Execute()
	show("detaches and waits", change, response, err)
	outcomes, response, err := elbs.AttachInstances(ctx, emptyElb).InstanceIds(many(free, "x")).DryRun(true).Execute()
	show("attaches many in a dry run", outcomes, response, err)
	outcomes, response, err = elbs.AttachInstances(ctx, emptyElb).InstanceIds(many(free, unknown)).Execute()
	show("attaches many", outcomes, response, err)
	outcomes, response, err = elbs.DetachInstances(ctx, emptyElb).InstanceIds(many(free)).Execute()
	show("detaches many", outcomes, response, err)
}
