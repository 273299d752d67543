package pool

import (
	"context"
	"maps"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
	"cognate/internal/base/db"
)

// tagged is the id of the user pool that an ARN names. Another kind of resource, and a pool of another account or
// Region, does not exist here.
func (p *Pools) tagged(resource string) (string, error) {
	a, err := arn.Parse(resource)
	if err != nil {
		return "", cognitoidp.NewInvalidParameter("The resource ARN %s is not valid.", resource)
	}
	if a.Type() != "userpool" || a.String() != p.ARN(a.Name()) {
		return "", noResource(resource)
	}
	return a.Name(), nil
}

func noResource(resource string) error {
	return cognitoidp.NewResourceNotFound("The resource %s does not exist.", resource)
}

// retag changes the tags of the pool that an ARN names.
func (p *Pools) retag(ctx context.Context, resource string, change func(tags map[string]string)) error {
	id, err := p.tagged(resource)
	if err != nil {
		return err
	}
	return p.modify(ctx, id, db.ErrRetry, func(_ *db.Tx, old *Pool) (*cognitoidp.UserPoolType, *cognitoidp.GetUserPoolMfaConfigResponse, error) {
		c := new(*old.Config)
		if c.UserPoolTags = maps.Clone(c.UserPoolTags); c.UserPoolTags == nil {
			c.UserPoolTags = map[string]string{}
		}
		change(c.UserPoolTags)
		if text := badTags(c.UserPoolTags); text != "" {
			return nil, nil, cognitoidp.NewInvalidParameter("%s", text)
		}
		return c, old.MFA, nil
	})
}

// TagResource implements the AWS operation.
func (o Ops) TagResource(ctx context.Context, in *cognitoidp.TagResourceRequest) (*cognitoidp.TagResourceResponse, error) {
	if err := o.retag(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) }); err != nil {
		return nil, err
	}
	return &cognitoidp.TagResourceResponse{}, nil
}

// UntagResource implements the AWS operation. Keys that the pool does not have are ignored.
func (o Ops) UntagResource(ctx context.Context, in *cognitoidp.UntagResourceRequest) (*cognitoidp.UntagResourceResponse, error) {
	err := o.retag(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UntagResourceResponse{}, nil
}

// ListTagsForResource implements the AWS operation.
func (o Ops) ListTagsForResource(ctx context.Context, in *cognitoidp.ListTagsForResourceRequest) (*cognitoidp.ListTagsForResourceResponse, error) {
	id, err := o.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	pool, err := o.fresh(ctx, id)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ListTagsForResourceResponse{Tags: pool.Config.UserPoolTags}, nil
}
