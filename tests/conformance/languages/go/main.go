package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do string `json:"do"`
}

func handle(ctx context.Context, e event) (any, error) {
	known, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	switch e.Do {
	case "fail":
		return nil, errors.New("told to")
	case "panic":
		panic("told to")
	case "stream":
		return io.MultiReader(strings.NewReader("one "), strings.NewReader("two")), nil
	}
	fmt.Println("handling", e.Do)
	return map[string]any{"did": e.Do, "id": known.AwsRequestID, "arn": known.InvokedFunctionArn, "deadline": deadline.UnixMilli()}, nil
}

func main() { lambda.Start(handle) }
