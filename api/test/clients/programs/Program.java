// Makes the calls of ../calls.ts with the generated client, and prints each parsed response as one line
// of JSON. Usage: java Program URL USER PASSWORD
import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.JSON;
import org.openapitools.client.api.HealthApi;
import org.openapitools.client.api.LoadBalancersApi;
import org.openapitools.client.model.ChangeAnswer;
import org.openapitools.client.model.Failure;
import org.openapitools.client.model.InstanceIds;
import org.openapitools.client.model.MachineId;

public class Program {
  private static final String ELB = "default-elb";
  private static final String EMPTY_ELB = "empty-elb";
  private static final String FREE = "i-0b22a22eec53b9321";
  private static final String ALSO_FREE = "i-0c4d1e7f8a9b03562";
  private static final String MEMBER = "i-5203422c";
  private static final String UNKNOWN = "i-00000000000000000";

  private interface Request<T> {
    ApiResponse<T> send() throws ApiException;
  }

  /** Prints a call. The response is a model with a message, and the client must be able to serialize it to JSON. */
  private static <T> T show(String call, Request<T> request) throws Exception {
    T answer = null;
    int status;
    JsonElement written;
    Gson gson = JSON.getGson();
    try {
      ApiResponse<T> response = request.send();
      answer = response.getData();
      status = response.getStatusCode();
      written = gson.toJsonTree(answer);
    } catch (ApiException error) {
      if (error.getResponseBody() == null) throw error;
      status = error.getCode();
      written = gson.toJsonTree(Failure.fromJson(error.getResponseBody()));
    }
    JsonObject line = new JsonObject();
    line.addProperty("call", call);
    line.addProperty("status", status);
    line.add("message", written.getAsJsonObject().get("message"));
    System.out.println(new Gson().toJson(line));
    return answer;
  }

  private static ApiClient client(String[] args, String password) {
    ApiClient client = new ApiClient().setBasePath(args[0]);
    client.setUsername(args[1]);
    client.setPassword(password);
    return client;
  }

  private static MachineId one(String id) {
    return new MachineId().instanceId(id);
  }

  private static InstanceIds many(String... ids) {
    return new InstanceIds().instanceIds(Arrays.asList(ids));
  }

  public static void main(String[] args) throws Exception {
    LoadBalancersApi unauthorized = new LoadBalancersApi(client(args, "wrong"));
    LoadBalancersApi elbs = new LoadBalancersApi(client(args, args[2]));
    HealthApi health = new HealthApi(client(args, args[2]));

    show("lists with a wrong password", () -> unauthorized.listMachinesElbWithHttpInfo(ELB));
    show("lists an unknown load balancer", () -> elbs.listMachinesElbWithHttpInfo("nope"));
    show("attaches without a body", () -> elbs.attachInstanceWithHttpInfo(ELB, null, null, null, null, null));
    show(
        "attaches an unknown instance",
        () -> elbs.attachInstanceWithHttpInfo(ELB, null, null, null, null, one(UNKNOWN)));
    show("attaches a member", () -> elbs.attachInstanceWithHttpInfo(ELB, null, null, null, null, one(MEMBER)));
    show(
        "detaches an instance that is not a member",
        () -> elbs.detachInstanceWithHttpInfo(ELB, null, null, null, null, null, null, one(FREE)));
    show(
        "detaches without a body and a query",
        () -> elbs.detachInstanceWithHttpInfo(ELB, null, null, null, null, null, null, null));
    show("checks the health of the service", () -> health.healthcheckWithHttpInfo());
    show("reads the status", () -> health.statusWithHttpInfo());
    show("lists two load balancers", () -> elbs.listElbsWithHttpInfo(null, 2, null, null));
    show("lists the members", () -> elbs.listMachinesElbWithHttpInfo(ELB));
    show("attaches in a dry run", () -> elbs.attachInstanceWithHttpInfo(ELB, null, null, true, null, one(FREE)));
    show("attaches", () -> elbs.attachInstanceWithHttpInfo(ELB, null, null, null, null, one(FREE)));
    ChangeAnswer waited =
        show(
            "attaches and waits",
            () -> elbs.attachInstanceWithHttpInfo(ELB, "in-service", 1, null, null, one(ALSO_FREE)));
    if (!waited.getMessage().getHealth().getCondition().equals("registering"))
      throw new IllegalStateException("the change has no health");
    show("reads the health of the members", () -> elbs.listElbHealthWithHttpInfo(ELB));
    show(
        "detaches in a dry run, with the instance in the query",
        () -> elbs.detachInstanceWithHttpInfo(ELB, MEMBER, null, null, true, null, null, null));
    show(
        "detaches with the instance in the query",
        () -> elbs.detachInstanceWithHttpInfo(ELB, MEMBER, null, null, null, null, null, null));
    // The client serializes an empty model as {}.
    show(
        "detaches with the instance in the query and an empty body",
        () -> elbs.detachInstanceWithHttpInfo(ELB, FREE, null, null, null, null, null, new MachineId()));
    show(
        "detaches and waits",
        () -> elbs.detachInstanceWithHttpInfo(ELB, null, "drained", 1, null, null, null, one("i-6d304aae")));
    show(
        "attaches many in a dry run",
        () -> elbs.attachInstancesWithHttpInfo(EMPTY_ELB, many(FREE, "x"), true, null));
    show("attaches many", () -> elbs.attachInstancesWithHttpInfo(EMPTY_ELB, many(FREE, UNKNOWN), null, null));
    show("detaches many", () -> elbs.detachInstancesWithHttpInfo(EMPTY_ELB, many(FREE), null, null, null));
    // The connection pool of the HTTP library keeps threads running.
    System.exit(0);
  }
}
